using System.Text.RegularExpressions;
using NnCluster.Testing;

namespace NnCluster.Shared.Tests.Architecture;

/// <summary>The folders of Shared depend on each other in one order, and none of them knows Akka.</summary>
public sealed partial class LayersTests
{
    private static readonly string[] Order = ["Memory", "Numerics", "Data", "Model", "Optimization", "Training", "Persistence", "Prediction", "Simulation"];

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
    public void Shared_does_not_know_Akka()
    {
        foreach ((string folder, string file) in Sources())
        {
            Assert.False(File.ReadAllText(file).Contains("Akka", StringComparison.Ordinal), $"{folder}/{Path.GetFileName(file)} mentions Akka");
        }
    }

    private static (string Folder, string File)[] Sources()
    {
        (string, string)[] sources =
        [
            .. Order.SelectMany(folder => Directory.GetFiles(Path.Combine(Repository.Root, "src", "Shared", folder), "*.cs", SearchOption.AllDirectories)
                .Select(file => (folder, file))),
        ];
        Assert.NotEmpty(sources);
        return sources;
    }

    [GeneratedRegex(@"\bNnCluster\.(Memory|Numerics|Data|Model|Optimization|Training|Persistence|Prediction|Simulation)\b")]
    private static partial Regex Uses();
}
