using System.Reflection;
using System.Text.RegularExpressions;

namespace NnCluster.Shared.Tests.Architecture;

/// <summary>The folders of Shared stand on each other in one order, and only Protocol knows Akka.</summary>
public sealed partial class LayersTests
{
    private static readonly string[] Order = ["Numerics", "Data", "Model", "Optimization", "Training", "Persistence", "Protocol"];

    [Fact]
    public void A_folder_uses_only_folders_below_it()
    {
        foreach ((string folder, string file) in Sources())
        {
            foreach (Match use in Uses().Matches(File.ReadAllText(file)))
            {
                string used = use.Groups[1].Value;
                Assert.True(
                    Array.IndexOf(Order, used) <= Array.IndexOf(Order, folder),
                    $"{Path.GetFileName(file)} of {folder} uses {used}, which stands above it");
            }
        }
    }

    [Fact]
    public void Only_Protocol_knows_Akka()
    {
        foreach ((string folder, string file) in Sources().Where(source => source.Folder != "Protocol"))
        {
            Assert.False(File.ReadAllText(file).Contains("Akka", StringComparison.Ordinal), $"{folder}/{Path.GetFileName(file)} mentions Akka");
        }
    }

    private static (string Folder, string File)[] Sources()
    {
        DirectoryInfo? root = new(Path.GetDirectoryName(Assembly.GetExecutingAssembly().Location)!);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "NnCluster.sln")))
        {
            root = root.Parent;
        }

        Assert.NotNull(root);
        (string, string)[] sources =
        [
            .. Order.SelectMany(folder => Directory.GetFiles(Path.Combine(root.FullName, "src", "Shared", folder), "*.cs", SearchOption.AllDirectories)
                .Select(file => (folder, file))),
        ];
        Assert.NotEmpty(sources);
        return sources;
    }

    [GeneratedRegex(@"\bNnCluster\.(Numerics|Data|Model|Optimization|Training|Persistence|Protocol)\b")]
    private static partial Regex Uses();
}
