using System.Text;

namespace NnCluster.Testing;

/// <summary>Directory for one test, deleted with its contents on disposal.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    /// <summary>Full path of the directory.</summary>
    public string Path { get; } = Directory.CreateTempSubdirectory("nncluster-test-").FullName;

    /// <summary>Full path of a file or directory below it.</summary>
    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>Writes a file, creating the directories above it, and returns its full path.</summary>
    public string Write(string name, byte[] content)
    {
        string path = this[name];
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
        return path;
    }

    /// <summary>Writes a text file in UTF-8, creating the directories above it, and returns its full path.</summary>
    public string Write(string name, string content) => Write(name, Encoding.UTF8.GetBytes(content));

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
