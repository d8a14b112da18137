using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace NnCluster.Persistence;

/// <summary>
/// SHA-256 over metadata and tensors. A length precedes every string and shape, so different contents give different byte
/// sequences. Metadata is in ordinal order of its keys, tensors are in the order of their data.
/// </summary>
internal sealed class TensorDigest : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public void AppendMetadata(IReadOnlyDictionary<string, string> metadata)
    {
        foreach (string key in metadata.Keys.Where(key => key != SafeTensors.DigestKey).Order(StringComparer.Ordinal))
        {
            AppendText(key);
            AppendText(metadata[key]);
        }

        AppendNumber(-1);
    }

    public void AppendTensor(string name, IReadOnlyList<int> shape, ReadOnlySpan<byte> data)
    {
        AppendText(name);
        AppendNumber(shape.Count);
        foreach (int dimension in shape)
        {
            AppendNumber(dimension);
        }

        _hash.AppendData(data);
    }

    public string ToHexString() => Convert.ToHexStringLower(_hash.GetHashAndReset());

    public void Dispose() => _hash.Dispose();

    private void AppendText(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        AppendNumber(bytes.Length);
        _hash.AppendData(bytes);
    }

    private void AppendNumber(long number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        _hash.AppendData(bytes);
    }
}
