using System.Xml.Linq;
using NnCluster.Testing;

namespace NnCluster.Architecture.Tests;

/// <summary>A project, as its project file describes it.</summary>
internal sealed class SourceProject
{
    private readonly XDocument _file;

    /// <summary>Reads a project file.</summary>
    public SourceProject(string path)
    {
        _file = XDocument.Load(path);
        Name = Path.GetFileNameWithoutExtension(path);
        Directory = Path.GetDirectoryName(path)!;
    }

    /// <summary>All projects of <c>src</c>, in ordinal order.</summary>
    public static SourceProject[] All { get; } =
    [
        .. System.IO.Directory.GetFiles(Path.Combine(Repository.Root, "src"), "*.csproj", SearchOption.AllDirectories)
            .Order(StringComparer.Ordinal)
            .Select(path => new SourceProject(path)),
    ];

    /// <summary>Name of the project file without its extension.</summary>
    public string Name { get; }

    /// <summary>Full path of the project's directory.</summary>
    public string Directory { get; }

    /// <summary>Name of the assembly.</summary>
    public string AssemblyName => _file.Descendants("AssemblyName").Single().Value;

    /// <summary>Whether the project makes a program.</summary>
    public bool IsExecutable => _file.Descendants("OutputType").Any(type => type.Value != "Library");

    /// <summary>Names of the projects that this one references itself.</summary>
    public string[] References =>
        [.. Includes("ProjectReference").Select(path => Path.GetFileNameWithoutExtension(path.Replace('\\', '/')))];

    /// <summary>Names of the packages that this project references itself.</summary>
    public string[] Packages => Includes("PackageReference");

    /// <summary>Names of the assemblies that see this one's internal types.</summary>
    public string[] Friends => Includes("InternalsVisibleTo");

    /// <summary>Full paths of the source files.</summary>
    public string[] Sources =>
    [
        .. System.IO.Directory.GetFiles(Directory, "*.cs", SearchOption.AllDirectories)
            .Where(path => Path.GetRelativePath(Directory, path).Split(Path.DirectorySeparatorChar)[0] is not ("bin" or "obj"))
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>Full paths of the files that the build generates from descriptions of messages. They have no place in the order.</summary>
    public string[] Generated => Includes("Protobuf").Length == 0 ? [] :
    [
        .. System.IO.Directory.GetFiles(Path.Combine(Directory, "obj", "protobuf"), "*.cs", SearchOption.AllDirectories)
            .Order(StringComparer.Ordinal),
    ];

    private string[] Includes(string item) => [.. _file.Descendants(item).Select(element => element.Attribute("Include")!.Value)];
}
