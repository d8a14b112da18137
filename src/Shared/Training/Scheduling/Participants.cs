using System.Collections;
using System.Collections.Immutable;

namespace NnCluster.Training;

/// <summary>Participants of a run in the order they joined, found by id. Immutable.</summary>
internal sealed class Participants : IReadOnlyList<Participant>
{
    /// <summary>No participants.</summary>
    public static readonly Participants None = new([], []);

    private readonly ImmutableArray<Participant> _items;

    // Shared by all versions with the same members; never written after construction.
    private readonly Dictionary<ParticipantId, int> _indices;

    private Participants(ImmutableArray<Participant> items, Dictionary<ParticipantId, int> indices) => (_items, _indices) = (items, indices);

    /// <inheritdoc/>
    public int Count => _items.Length;

    /// <inheritdoc/>
    public Participant this[int index] => _items[index];

    /// <summary>Position of a participant; -1 if it is none.</summary>
    public int IndexOf(ParticipantId id) => _indices.GetValueOrDefault(id, -1);

    /// <summary>State of a participant; null if it is none.</summary>
    public Participant? Find(ParticipantId id) => _indices.TryGetValue(id, out int index) ? _items[index] : null;

    /// <summary>With one participant more, at the end.</summary>
    public Participants Add(Participant participant) => Index(_items.Add(participant));

    /// <summary>Without a participant.</summary>
    public Participants Remove(ParticipantId id) => Index(_items.RemoveAt(_indices[id]));

    /// <summary>With the changed state of a participant.</summary>
    public Participants With(Participant changed) => new(_items.SetItem(_indices[changed.Id], changed), _indices);

    /// <summary>Enumerates without allocation.</summary>
    public ImmutableArray<Participant>.Enumerator GetEnumerator() => _items.GetEnumerator();

    IEnumerator<Participant> IEnumerable<Participant>.GetEnumerator() => ((IEnumerable<Participant>)_items).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => ((IEnumerable)_items).GetEnumerator();

    private static Participants Index(ImmutableArray<Participant> items)
    {
        var indices = new Dictionary<ParticipantId, int>(items.Length);
        for (int i = 0; i < items.Length; i++)
        {
            indices.Add(items[i].Id, i);
        }

        return new(items, indices);
    }
}
