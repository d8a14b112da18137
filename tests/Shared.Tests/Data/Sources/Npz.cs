using System.IO.Compression;
using System.Text;

namespace NnCluster.Shared.Tests.Data;

/// <summary>Writes small NumPy archives whose headers may be false.</summary>
internal static class Npz
{
    public static string Write(string path, params (string Name, string Type, int[] Shape, byte[] Items)[] arrays)
    {
        File.Delete(path);
        using ZipArchive archive = ZipFile.Open(path, ZipArchiveMode.Create);
        foreach ((string name, string type, int[] shape, byte[] items) in arrays)
        {
            using Stream entry = archive.CreateEntry(name + ".npy").Open();
            entry.Write(Array(type, shape, items));
        }

        return path;
    }

    public static byte[] Array(string type, int[] shape, byte[] items)
    {
        string header = $"{{'descr': '{type}', 'fortran_order': False, 'shape': ({string.Join(", ", shape)},), }}\n";
        return [0x93, .. "NUMPY"u8, 1, 0, .. BitConverter.GetBytes((ushort)header.Length), .. Encoding.ASCII.GetBytes(header), .. items];
    }
}
