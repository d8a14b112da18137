using System.Runtime.InteropServices;
using NnCluster.Memory;

namespace NnCluster.Data;

/// <summary>Blocks in a temporary file, which is removed with this object.</summary>
internal sealed class CellsInFile : CellBlocks
{
    private readonly FileStream _file;
    private readonly CancellationToken _cancellation;
    private readonly AlignedBuffer _read;

    /// <summary>An empty table.</summary>
    /// <param name="columns">Number of columns.</param>
    /// <param name="path">The file, which must not exist.</param>
    /// <param name="cancellation">Ends writing and reading.</param>
    /// <exception cref="IOException">The file cannot be written; also from the methods that append.</exception>
    public CellsInFile(int columns, string path, CancellationToken cancellation)
        : base(columns)
    {
        _cancellation = cancellation;
        _file = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, bufferSize: 0, FileOptions.DeleteOnClose);
        _read = new(BlockLength);
    }

    /// <inheritdoc/>
    public override ReadOnlySpan<float> Read(int block)
    {
        _cancellation.ThrowIfCancellationRequested();
        _file.Position = (long)block * BlockLength * sizeof(float);
        _file.ReadExactly(MemoryMarshal.AsBytes(_read.Span));
        return _read.Span;
    }

    /// <inheritdoc/>
    public override void Release(int block)
    {
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        _read.Dispose();
        _file.Dispose();
    }

    /// <inheritdoc/>
    protected override AlignedBuffer Next(AlignedBuffer? full)
    {
        _cancellation.ThrowIfCancellationRequested();
        if (full is null)
        {
            return new(BlockLength);
        }

        _file.Write(MemoryMarshal.AsBytes(full.Span));
        return full;
    }
}
