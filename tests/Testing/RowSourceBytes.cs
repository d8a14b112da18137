using NnCluster.Data;

namespace NnCluster.Testing;

/// <summary>Stored values of rows as one array, for small sets.</summary>
public static class RowSourceBytes
{
    /// <summary>All stored bytes.</summary>
    public static byte[] AllBytes(this IRowSource rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        byte[] bytes = new byte[(long)rows.Rows * rows.Columns * (rows.IsBytes ? 1 : sizeof(float))];
        rows.ReadBytes(0, bytes);
        return bytes;
    }
}
