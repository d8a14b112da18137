namespace NnCluster.Data;

/// <summary>A list that grows by chunks: nothing is copied, and no more than one chunk is unused.</summary>
internal sealed class ChunkedList<T>
{
    private const int ChunkLength = 1 << 16;

    private readonly List<T[]> _chunks = [];

    /// <summary>Number of items.</summary>
    public int Count { get; private set; }

    /// <summary>An item.</summary>
    public T this[int index] => _chunks[index / ChunkLength][index % ChunkLength];

    /// <summary>Appends an item.</summary>
    public void Add(T item)
    {
        if (Count % ChunkLength == 0)
        {
            _chunks.Add(new T[ChunkLength]);
        }

        _chunks[^1][Count++ % ChunkLength] = item;
    }
}
