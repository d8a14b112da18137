using NnCluster.Memory;

namespace NnCluster.Data;

/// <summary>
/// The columns of a table as float32 cells, in blocks of rows; in a block, column after column. Rows are appended one by one, and blocks
/// are read in order.
/// </summary>
internal abstract class CellBlocks : IDisposable
{
    private const int MostRows = 4096;
    private const int LeastRows = 16;
    private const int MostCells = 1 << 20;

    // Columns that start at multiples of a power of two would share the same few sets of the processor's cache.
    private const int Padding = AlignedBuffer.Alignment / sizeof(float);

    private AlignedBuffer? _filling;
    private int _filled;

    /// <summary>An empty table.</summary>
    /// <param name="columns">Number of columns.</param>
    protected CellBlocks(int columns)
    {
        BlockRows = LeastRows;
        while (BlockRows < MostRows && 2L * BlockRows * columns <= MostCells)
        {
            BlockRows *= 2;
        }

        Stride = BlockRows + Padding;
        BlockLength = checked(Stride * columns);
    }

    /// <summary>Number of rows of all blocks but the last.</summary>
    public int BlockRows { get; }

    /// <summary>Distance of two columns in a block, in floats.</summary>
    public int Stride { get; }

    /// <summary>Length of a block in floats: columns · <see cref="Stride"/>.</summary>
    public int BlockLength { get; }

    /// <summary>Number of complete rows.</summary>
    public int Rows { get; private set; }

    /// <summary>Number of blocks, the last one included, which may have fewer rows.</summary>
    public int Count => (int)(((long)Rows + BlockRows - 1) / BlockRows);

    /// <summary>Cells of the current row: column c is at c · <see cref="Stride"/>.</summary>
    public Span<float> CurrentRow => (_filling ??= Next(null)).Span[_filled..];

    /// <summary>Keeps the current row.</summary>
    public void EndRow()
    {
        Rows = checked(Rows + 1);
        if (++_filled == BlockRows)
        {
            _filling = Next(_filling);
            _filled = 0;
        }
    }

    /// <summary>Keeps the last block; no row is added afterwards.</summary>
    public void Complete()
    {
        if (_filled > 0)
        {
            Next(_filling)?.Dispose();
        }
        else
        {
            _filling?.Dispose();
        }

        _filling = null;
    }

    /// <summary>A block; valid until the next call.</summary>
    public abstract ReadOnlySpan<float> Read(int block);

    /// <summary>Frees a block that is not read again.</summary>
    public abstract void Release(int block);

    /// <inheritdoc/>
    public virtual void Dispose() => _filling?.Dispose();

    /// <summary>Keeps a block and returns the memory of the next one.</summary>
    /// <param name="full">The block; null: there is none yet.</param>
    protected abstract AlignedBuffer Next(AlignedBuffer? full);
}

/// <summary>Blocks in memory, several in one piece of memory.</summary>
/// <param name="columns">Number of columns.</param>
internal sealed class CellsInMemory(int columns) : CellBlocks(columns)
{
    // The C library gives memory of more than 32 MiB back to the system as soon as it is freed; smaller pieces may stay with the process.
    private const int LargePiece = (33 << 20) / sizeof(float);

    private readonly List<(int First, int End, AlignedBuffer Cells)> _pieces = [];
    private int _kept;

    /// <inheritdoc/>
    public override ReadOnlySpan<float> Read(int block)
    {
        (int first, _, AlignedBuffer cells) = PieceOf(block);
        return cells.Span.Slice((block - first) * BlockLength, BlockLength);
    }

    /// <inheritdoc/>
    public override void Release(int block)
    {
        (_, int end, AlignedBuffer cells) = PieceOf(block);
        if (block == Math.Min(end, Count) - 1)
        {
            cells.Dispose();
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        foreach ((_, _, AlignedBuffer cells) in _pieces)
        {
            cells.Dispose();
        }
    }

    /// <inheritdoc/>
    protected override AlignedBuffer Next(AlignedBuffer? full)
    {
        if (full is null)
        {
            return new(BlockLength);
        }

        if (_pieces.Count == 0 || _pieces[^1].End == _kept)
        {
            // A piece has as many blocks as all pieces before it, at most LargePiece floats: a small table takes little memory.
            int blocks = Math.Clamp(_kept, 1, ((LargePiece - 1) / BlockLength) + 1);
            _pieces.Add((_kept, _kept + blocks, new(checked(blocks * BlockLength))));
        }

        (int first, _, AlignedBuffer cells) = _pieces[^1];
        full.Span.CopyTo(cells.Span[((_kept - first) * BlockLength)..]);
        _kept++;
        return full;
    }

    private (int First, int End, AlignedBuffer Cells) PieceOf(int block) => _pieces.Find(piece => block < piece.End);
}
