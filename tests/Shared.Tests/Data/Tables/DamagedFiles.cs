using NnCluster.Testing;

namespace NnCluster.Shared.Tests.Data;

/// <summary>
/// Reads a small file with random bytes changed and with its end cut off: the reader either accepts it or throws
/// <see cref="BadInputException"/> with the path, and allocates no more than a bound, whatever the file claims.
/// </summary>
internal static class DamagedFiles
{
    private const long MostAllocated = 1L << 30;

    /// <summary>Reads damaged copies of a file.</summary>
    /// <param name="directory">Directory for the copies.</param>
    /// <param name="name">Name of the copies.</param>
    /// <param name="whole">Content of a file that can be read.</param>
    /// <param name="read">Reads a file by its path.</param>
    /// <param name="copies">Number of copies with changed bytes.</param>
    public static void Read(TemporaryDirectory directory, string name, byte[] whole, Action<string> read, int copies = 1500)
    {
        string path = directory[name];
        for (int seed = 0; seed < copies; seed++)
        {
            var random = new Random(seed);
            byte[] damaged = [.. whole];
            for (int changes = random.Next(1, 4); changes > 0; changes--)
            {
                // Headers and footers are at the ends: half of the changes are there.
                int at = random.Next(4) switch
                {
                    0 => random.Next(Math.Min(128, damaged.Length)),
                    1 => damaged.Length - 1 - random.Next(Math.Min(1024, damaged.Length)),
                    _ => random.Next(damaged.Length),
                };
                damaged[at] = random.Next(3) switch { 0 => (byte)random.Next(256), 1 => (byte)(damaged[at] ^ (1 << random.Next(8))), _ => 0xff };
            }

            ReadOne(path, damaged, read, $"seed {seed}");
        }

        for (int length = 0; length < whole.Length; length += Math.Max(1, whole.Length / 200))
        {
            ReadOne(path, whole[..length], read, $"the first {length} bytes");
        }
    }

    private static void ReadOne(string path, byte[] content, Action<string> read, string copy)
    {
        File.WriteAllBytes(path, content);
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            read(path);
        }
        catch (BadInputException wrong)
        {
            Assert.True(wrong.Message.Contains(path, StringComparison.Ordinal), $"{copy}: {wrong.Message}");
            Assert.False(wrong.Message.Contains('\n', StringComparison.Ordinal), $"{copy}: {wrong.Message}");
        }
        catch (Exception other)
        {
            Assert.Fail($"{copy}: {other}");
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < MostAllocated, $"{copy}: {allocated} bytes were allocated");
    }
}
