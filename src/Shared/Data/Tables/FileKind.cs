namespace NnCluster.Data;

/// <summary>Format of a file as its first bytes show it, whatever its name.</summary>
internal enum FileKind
{
    /// <summary>Text, or nothing that is known.</summary>
    Text,

    /// <summary>Content compressed with gzip.</summary>
    Gzip,

    /// <summary>Apache Parquet.</summary>
    Parquet,

    /// <summary>One NumPy array.</summary>
    Npy,

    /// <summary>A ZIP archive of NumPy arrays.</summary>
    Npz,

    /// <summary>IDX, the format of MNIST.</summary>
    Idx,

    /// <summary>An image: PNG, JPEG, GIF, WebP or BMP.</summary>
    Image,

    /// <summary>A format that is known and not read; <see cref="FileSignature.Refusal"/> says how to convert it.</summary>
    Other,
}
