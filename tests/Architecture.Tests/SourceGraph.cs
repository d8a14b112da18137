using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace NnCluster.Architecture.Tests;

/// <summary>A use of a type of <c>src</c> in a file of <c>src</c>.</summary>
/// <param name="File">The file that uses the type.</param>
/// <param name="Type">Full name of the type.</param>
/// <param name="Declaration">A file that declares the type.</param>
internal sealed record TypeUse(SourceFile File, string Type, SourceFile Declaration);

/// <summary>A file of <c>src</c>.</summary>
/// <param name="Project">Name of its project.</param>
/// <param name="Folder">Its folder in the project, with slashes; empty for the project's directory.</param>
/// <param name="Name">Name of the file.</param>
internal sealed record SourceFile(string Project, string Folder, string Name)
{
    /// <summary>Folder of the project that the file lies in or below; empty for the project's directory.</summary>
    public string FirstLevel => Folder.Split('/')[0];

    /// <summary>Project and folder.</summary>
    public string Room => Folder.Length == 0 ? Project : $"{Project}/{Folder}";

    /// <inheritdoc/>
    public override string ToString() => $"{Room}/{Name}";
}

/// <summary>The types that every file of <c>src</c> uses, found by the compiler: nothing depends on how a name is written.</summary>
internal sealed class SourceGraph
{
    // Names that the compiler does not find; other errors are members that source generators write.
    private static readonly string[] MissingNames = ["CS0103", "CS0234", "CS0246"];

    private readonly Dictionary<string, SourceFile> _files = [];
    private readonly List<TypeUse> _uses = [];
    private readonly List<INamedTypeSymbol> _types = [];
    private readonly List<(SourceFile File, string Namespace)> _usings = [];
    private readonly List<string> _errors = [];

    /// <summary>Compiles projects.</summary>
    /// <param name="projects">The projects, each after those that it references.</param>
    public SourceGraph(IEnumerable<SourceProject> projects)
    {
        var compilations = new List<CSharpCompilation>();
        foreach (SourceProject project in projects)
        {
            CSharpCompilation compilation = Compile(project, compilations);
            compilations.Add(compilation);
            Read(compilation);
        }
    }

    /// <summary>Uses of types across files; each pair of file and type once.</summary>
    public IReadOnlyList<TypeUse> Uses => _uses;

    /// <summary>All types that are not nested.</summary>
    public IReadOnlyList<INamedTypeSymbol> Types => _types;

    /// <summary>The namespaces of <c>src</c> in using directives.</summary>
    public IReadOnlyList<(SourceFile File, string Namespace)> Usings => _usings;

    /// <summary>Names that the compiler could not find: the graph would lack their uses.</summary>
    public IReadOnlyList<string> Errors => _errors;

    /// <summary>The files.</summary>
    public IReadOnlyCollection<SourceFile> Files => _files.Values;

    /// <summary>The files that declare a type; several for a partial type, none for a generated one.</summary>
    public IEnumerable<SourceFile> DeclarationsOf(INamedTypeSymbol type) =>
        type.DeclaringSyntaxReferences.Select(reference => reference.SyntaxTree.FilePath)
            .Where(path => path.Length > 0)
            .Select(path => _files[path]);

    private CSharpCompilation Compile(SourceProject project, List<CSharpCompilation> below)
    {
        List<SyntaxTree> trees =
        [
            Parse(Prelude(project), string.Empty),
            .. project.Generated.Select(path => Parse(File.ReadAllText(path), string.Empty)),
        ];
        foreach (string path in project.Sources)
        {
            string folder = Path.GetRelativePath(project.Directory, Path.GetDirectoryName(path)!).Replace('\\', '/');
            _files.Add(path, new(project.Name, folder == "." ? string.Empty : folder, Path.GetFileName(path)));
            trees.Add(Parse(File.ReadAllText(path), path));
        }

        return CSharpCompilation.Create(
            project.AssemblyName,
            trees,
            [.. Packages.Value, .. below.Select(compilation => compilation.ToMetadataReference())],
            new(
                project.IsExecutable ? OutputKind.ConsoleApplication : OutputKind.DynamicallyLinkedLibrary,
                allowUnsafe: true,
                nullableContextOptions: NullableContextOptions.Enable));
    }

    private void Read(CSharpCompilation compilation)
    {
        foreach (SyntaxTree tree in compilation.SyntaxTrees.Where(tree => tree.FilePath.Length > 0))
        {
            SourceFile file = _files[tree.FilePath];
            SemanticModel model = compilation.GetSemanticModel(tree);
            _errors.AddRange(model.GetDiagnostics().Where(error => MissingNames.Contains(error.Id)).Select(error => $"{file}: {error}"));
            var used = new HashSet<INamedTypeSymbol>(SymbolEqualityComparer.Default);
            foreach (SyntaxNode node in tree.GetRoot().DescendantNodes())
            {
                switch (node)
                {
                    case UsingDirectiveSyntax { NamespaceOrType: { } name }:
                        if (model.GetSymbolInfo(name).Symbol is INamespaceSymbol space)
                        {
                            _usings.Add((file, space.ToDisplayString()));
                        }

                        break;
                    case SimpleNameSyntax or InvocationExpressionSyntax:
                    case BaseObjectCreationExpressionSyntax or ConstructorInitializerSyntax:
                        Add(used, model.GetSymbolInfo(node).Symbol);
                        break;
                    case BaseTypeDeclarationSyntax declaration when model.GetDeclaredSymbol(declaration) is { ContainingType: null } type:
                        if (!_types.Contains(type, SymbolEqualityComparer.Default))
                        {
                            _types.Add(type);
                        }

                        break;
                    case DelegateDeclarationSyntax declaration when model.GetDeclaredSymbol(declaration) is { ContainingType: null } type:
                        _types.Add(type);
                        break;
                    case ExpressionSyntax expression when model.GetTypeInfo(expression).Type is INamedTypeSymbol type:
                        Add(used, type);
                        break;
                    default:
                        break;
                }
            }

            foreach (INamedTypeSymbol type in used)
            {
                SourceFile[] declarations = [.. DeclarationsOf(type)];
                if (declarations.Length > 0 && !declarations.Contains(file))
                {
                    _uses.Add(new(file, type.ToDisplayString(), declarations[0]));
                }
            }
        }
    }

    /// <summary>Adds the outermost source type that a symbol is, or belongs to, and its type arguments.</summary>
    private static void Add(HashSet<INamedTypeSymbol> used, ISymbol? symbol)
    {
        if (symbol is IMethodSymbol { ReducedFrom: { } extension })
        {
            symbol = extension;
        }

        if (symbol is IAliasSymbol alias)
        {
            symbol = alias.Target;
        }

        if (symbol is not (IFieldSymbol or IPropertySymbol or IMethodSymbol or IEventSymbol or INamedTypeSymbol))
        {
            return;
        }

        INamedTypeSymbol? type = symbol as INamedTypeSymbol ?? symbol.ContainingType;
        while (type?.ContainingType is { } outer)
        {
            type = outer;
        }

        if (type is null)
        {
            return;
        }

        foreach (ITypeSymbol argument in type.TypeArguments)
        {
            if (argument is INamedTypeSymbol named && !SymbolEqualityComparer.Default.Equals(named, type))
            {
                Add(used, named);
            }
        }

        if (type.Locations.Any(location => location.IsInSource))
        {
            used.Add(type.OriginalDefinition);
        }
    }

    /// <summary>The SDK's global usings, and the assemblies that see internal types.</summary>
    private static string Prelude(SourceProject project) => string.Concat(
    [
        .. ((string[])["System", "System.IO", "System.Linq", "System.Net.Http", "System.Threading", "System.Threading.Tasks",
            "System.Collections.Generic"]).Select(name => $"global using {name};\n"),
        .. project.Friends.Select(friend => $"[assembly: System.Runtime.CompilerServices.InternalsVisibleTo(\"{friend}\")]\n"),
    ]);

    private static SyntaxTree Parse(string text, string path) =>
        CSharpSyntaxTree.ParseText(text, new CSharpParseOptions(LanguageVersion.Latest, DocumentationMode.None), path);

    /// <summary>The framework's assemblies and those of the packages: all that this process may load, without the project's own.</summary>
    private static readonly Lazy<MetadataReference[]> Packages = new(() =>
    {
        HashSet<string> own = [.. SourceProject.All.Select(project => project.AssemblyName)];
        return
        [
            .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
                .Where(path => !own.Contains(Path.GetFileNameWithoutExtension(path)))
                .Select(path => MetadataReference.CreateFromFile(path)),
        ];
    });
}
