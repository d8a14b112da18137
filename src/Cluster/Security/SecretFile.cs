using System.Security.Cryptography;
using System.Text;

namespace NnCluster.Security;

/// <summary>Reads a small file that a property names: a cookie, a certificate or a key.</summary>
internal static class SecretFile
{
    /// <summary>Reads the whole file.</summary>
    /// <param name="property">Property that names the file, for errors.</param>
    /// <param name="path">Path of the file.</param>
    /// <param name="mostBytes">Limit in bytes; a device or a pipe is not read further.</param>
    /// <exception cref="BadInputException">The path is missing, not a file, too long, or may not be read.</exception>
    public static byte[] Read(PropertyName property, string path, int mostBytes)
    {
        if (Directory.Exists(path))
        {
            throw new BadInputException(property, $"{property} {path}: is a directory, expected a file");
        }

        byte[] content = new byte[mostBytes + 1];
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            int length = stream.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
            return length <= mostBytes
                ? content[..length]
                : throw new BadInputException(property, $"{property} {path}: has more than {mostBytes} bytes");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new BadInputException(property, e, $"{property} {path}: there is no such file");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new BadInputException(property, e, $"{property} {path}: cannot be read: {e.Message.TrimEnd('.')}");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(content);
        }
    }

    /// <summary>Reads the whole file as UTF-8.</summary>
    /// <inheritdoc cref="Read"/>
    public static string ReadText(PropertyName property, string path, int mostBytes) =>
        Encoding.UTF8.GetString(Read(property, path, mostBytes));
}
