using System.Runtime.InteropServices;
using NnCluster.Memory;
using NnCluster.Persistence;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Persistence;

public sealed partial class AtomicFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void The_file_is_replaced_and_nothing_else_is_left()
    {
        string path = _directory["a.txt"];
        AtomicFile.WriteText(path, "old, and longer");
        AtomicFile.WriteText(path, "new");

        Assert.Equal("new", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(_directory.Path));
    }

    [Fact]
    public void A_failure_half_way_leaves_the_old_file_and_no_temporary_one()
    {
        string path = _directory["a.txt"];
        AtomicFile.WriteText(path, "old");

        Assert.Throws<IOException>(() => AtomicFile.Write(path, stream =>
        {
            stream.WriteByte(1);
            throw new IOException("disk full");
        }));

        Assert.Equal("old", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(_directory.Path));
    }

    [LinuxFact]
    public void A_link_stays_and_what_it_leads_to_is_replaced()
    {
        File.WriteAllText(_directory["target.txt"], "old");
        File.CreateSymbolicLink(_directory["link.txt"], "target.txt");
        AtomicFile.WriteText(_directory["link.txt"], "new");
        Assert.Equal("target.txt", new FileInfo(_directory["link.txt"]).LinkTarget);
        Assert.Equal("new", File.ReadAllText(_directory["target.txt"]));
    }

    [LinuxFact]
    public async Task A_pipe_is_written_and_stays()
    {
        string pipe = _directory["pipe"];
        Assert.Equal(0, MakePipe(pipe, Convert.ToUInt32("600", 8)));
        Task<string> read = Task.Run(() => File.ReadAllText(pipe));
        AtomicFile.WriteText(pipe, "through");
        Assert.Equal("through", await read);
        Assert.Equal([pipe], Directory.GetFiles(_directory.Path));
    }

    [LinuxFact]
    public void A_device_is_written_and_stays()
    {
        File.CreateSymbolicLink(_directory["null"], "/dev/null");
        AtomicFile.WriteText(_directory["null"], "away");
        Assert.Equal(0, new FileInfo("/dev/null").Length);
        Assert.Equal([_directory["null"]], Directory.GetFiles(_directory.Path));
    }

    [Fact]
    public void What_a_killed_write_left_is_deleted_and_nothing_else()
    {
        string killed = $".checkpoint-8.safetensors.{Guid.NewGuid():N}.tmp";
        string[] others = [$".curves.png.{Guid.NewGuid():N}.tmp", ".notes.tmp", "checkpoint-8.safetensors", $"checkpoint-8.safetensors.{Guid.NewGuid():N}.tmp"];
        foreach (string name in (string[])[killed, .. others])
        {
            File.WriteAllText(_directory[name], "x");
        }

        AtomicFile.DeleteLeftovers(_directory.Path, name => name != "curves.png");
        Assert.Equal(others.Order(), Directory.GetFiles(_directory.Path).Select(path => Path.GetFileName(path)).Order());
    }

    [Fact]
    public void Until_everything_is_written_readers_see_the_old_file()
    {
        string path = _directory["a.txt"];
        AtomicFile.WriteText(path, "old");

        AtomicFile.Write(path, stream =>
        {
            stream.Write("new"u8);
            stream.Flush();
            Assert.Equal("old", File.ReadAllText(path));
        });

        Assert.Equal("new", File.ReadAllText(path));
    }

    [Fact]
    public void A_target_that_cannot_be_replaced_leaves_no_temporary_file()
    {
        string path = _directory["taken"];
        Directory.CreateDirectory(path);

        Assert.ThrowsAny<SystemException>(() => AtomicFile.WriteText(path, "x"));

        Assert.Empty(Directory.GetFiles(_directory.Path));
    }


    [Fact]
    public void A_missing_directory_is_an_error() =>
        Assert.Throws<DirectoryNotFoundException>(() => AtomicFile.WriteText(Path.Combine(_directory["none"], "a"), "x"));

    [LibraryImport("libc", EntryPoint = "mkfifo", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MakePipe(string path, uint mode);
}
