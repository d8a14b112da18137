using NnCluster.Testing;

namespace NnCluster.Architecture.Tests;

/// <summary>Projects and folders of <c>src</c> depend on each other in one order, without a circle.</summary>
public sealed class LayersTests
{
    // From the lowest project to the highest.
    private static readonly string[] Projects = ["Shared", "Cluster", "Worker", "Coordinator", "Cli"];

    // First-level folders of a project from the lowest to the highest; an empty name is the project's directory.
    private static readonly Dictionary<string, string[]> Folders = new()
    {
        ["Shared"] = ["", "Telemetry", "Memory", "Numerics", "Data", "Model", "Optimization", "Training", "Persistence", "Prediction", "Simulation"],
        ["Cluster"] = ["Security", "Link", "Control", "Akka"],
        ["Worker"] = ["ProcessStatus", ""],
        ["Coordinator"] = [""],
        ["Cli"] = ["Options", "Launching", "Reporting", "Serving", "Chaos", "Explore", "Commands", ""],
    };

    // The namespace of what a user of the libraries meets first; the directory of any library may declare types of it.
    private const string Root = "NnCluster";

    private static readonly Lazy<SourceGraph> Graph = new(() => new(SourceProject.All.OrderBy(project => Rank(project.Name))));

    [Fact]
    public void Every_project_and_first_level_folder_has_a_place_in_the_order()
    {
        Assert.Equal(Projects.Order(), SourceProject.All.Select(project => project.Name).Order());
        foreach (SourceProject project in SourceProject.All)
        {
            string[] folders =
            [
                .. Graph.Value.Files.Where(file => file.Project == project.Name).Select(file => file.FirstLevel).Distinct(),
            ];
            Assert.Equal(Folders[project.Name].Order(), folders.Order());
        }
    }

    [Fact]
    public void The_compiler_finds_every_name_and_so_every_use()
    {
        Assert.Empty(Graph.Value.Errors);
        Assert.True(Graph.Value.Uses.Count > 1000, $"{Graph.Value.Uses.Count} uses");
    }

    [Fact]
    public void A_project_references_only_projects_below_it() => Assert.Empty(
        from project in SourceProject.All
        from reference in project.References
        where Rank(reference) >= Rank(project.Name)
        select $"{project.Name} references {reference}");

    [Fact]
    public void No_program_references_a_program()
    {
        Assert.Equal("Cli", Assert.Single(SourceProject.All, project => project.IsExecutable).Name);
        Assert.DoesNotContain("Cli", SourceProject.All.SelectMany(project => project.References));
    }

    [Fact]
    public void A_folder_uses_only_folders_of_its_project_that_stand_before_it() => AssertNone(
        from use in Graph.Value.Uses
        where use.File.Project == use.Declaration.Project && Rank(use.Declaration) > Rank(use.File)
        select $"{use.File} uses {use.Type} of {use.Declaration.Room}");

    [Fact]
    public void A_using_directive_names_only_folders_that_stand_before_its_own()
    {
        ILookup<string, SourceFile> owners = Graph.Value.Types
            .SelectMany(type => Graph.Value.DeclarationsOf(type)
                .Select(file => (Namespace: type.ContainingNamespace.ToDisplayString(), file)))
            .ToLookup(owner => owner.Namespace, owner => owner.file);
        AssertNone(
            from directive in Graph.Value.Usings
            let lowest = owners[directive.Namespace].MinBy(file => (Rank(file.Project), Rank(file)))
            where lowest is not null && lowest.Project == directive.File.Project && Rank(lowest) > Rank(directive.File)
            select $"{directive.File} has a using directive for {directive.Namespace}");
    }

    [Fact]
    public void No_folder_stands_in_a_circle_of_uses()
    {
        TypeUse[] across = [.. Graph.Value.Uses.Where(use => use.File.Room != use.Declaration.Room)];
        AssertNone(
            from circle in Circles.Of(across.Select(use => (use.File.Room, use.Declaration.Room)))
            from edge in across
                .Where(use => circle.Contains(use.File.Room) && circle.Contains(use.Declaration.Room))
                .GroupBy(use => (From: use.File.Room, To: use.Declaration.Room))
            let examples = edge.Select(use => $"{use.File.Name} uses {use.Type}").Distinct().ToArray()
            select $"{edge.Key.From} -> {edge.Key.To}: {examples.Length}, such as {string.Join(", ", examples.Take(6))}");
    }

    [Fact]
    public void A_first_level_folder_has_one_namespace_of_its_own()
    {
        AssertNone(Graph.Value.Types
            .Where(type => type.ContainingNamespace.ToDisplayString() == Root)
            .SelectMany(Graph.Value.DeclarationsOf)
            .Where(file => file.Folder.Length > 0)
            .Select(file => $"{file} declares a type of {Root}"));
        (string Room, string Namespace)[] pairs =
        [
            .. Graph.Value.Types
                .Where(type => !type.ContainingNamespace.IsGlobalNamespace && type.ContainingNamespace.ToDisplayString() != Root)
                .SelectMany(type => Graph.Value.DeclarationsOf(type)
                    .Select(file => ($"{file.Project}/{file.FirstLevel}", type.ContainingNamespace.ToDisplayString())))
                .Distinct(),
        ];
        AssertNone(pairs.GroupBy(pair => pair.Room).Where(room => room.Count() > 1)
            .Select(room => $"{room.Key} declares {string.Join(", ", room.Select(pair => pair.Namespace))}"));
        AssertNone(pairs.GroupBy(pair => pair.Namespace).Where(space => space.Count() > 1)
            .Select(space => $"{space.Key} is declared in {string.Join(", ", space.Select(pair => pair.Room))}"));
    }

    [Fact]
    public void No_two_types_have_one_name() => AssertNone(
        from type in Graph.Value.Types
        group type by type.Name into same
        let files = same.Select(type => Graph.Value.DeclarationsOf(type).First()).Distinct()
        where files.Count() > 1 // A generic type and its companion are in one file.
        select $"{same.Key}: {string.Join(", ", files)}");

    [Fact]
    public void Only_Cluster_and_what_stands_on_it_know_Akka()
    {
        foreach (SourceProject project in SourceProject.All.Where(project => Rank(project.Name) < Rank("Cluster")))
        {
            AssertNone(project.Packages.Where(package => package.StartsWith("Akka", StringComparison.Ordinal)));
            AssertNone(project.Sources.Where(path => File.ReadAllText(path).Contains("Akka", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public void The_tests_of_extensions_see_public_types_of_Shared_only()
    {
        var tests = new SourceProject(Path.Combine(Repository.Root, "tests", "Extension.Tests", "Extension.Tests.csproj"));
        Assert.Equal(["Shared"], tests.References);
        Assert.DoesNotContain(tests.AssemblyName, SourceProject.All.SelectMany(project => project.Friends));
    }

    [Fact]
    public void A_circle_is_found_with_all_its_nodes() => Assert.Equal(
        [["a", "b", "c"], ["e", "f"]],
        Circles.Of([("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("d", "e"), ("e", "f"), ("f", "e"), ("g", "a")])
            .OrderBy(circle => circle[0]));

    private static int Rank(string project)
    {
        int rank = Array.IndexOf(Projects, project);
        return rank >= 0 ? rank : throw new InvalidOperationException($"{project} has no place in the order of the projects");
    }

    private static int Rank(SourceFile file) => Array.IndexOf(Folders[file.Project], file.FirstLevel);

    private static void AssertNone(IEnumerable<string> offenders)
    {
        string[] list = [.. offenders.Distinct().Order(StringComparer.Ordinal)];
        Assert.True(list.Length == 0, $"{list.Length} found:\n{string.Join('\n', list)}");
    }
}
