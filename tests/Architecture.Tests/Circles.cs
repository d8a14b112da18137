namespace NnCluster.Architecture.Tests;

/// <summary>Strongly connected components of a directed graph: Tarjan, SIAM J. Comput. 1 (1972), 146-160.</summary>
internal sealed class Circles
{
    private readonly ILookup<string, string> _edges;
    private readonly Dictionary<string, int> _visited = [];
    private readonly Stack<string> _open = [];
    private readonly List<string[]> _found = [];

    private Circles(IEnumerable<(string From, string To)> edges) => _edges = edges.Distinct().ToLookup(edge => edge.From, edge => edge.To);

    /// <summary>The components of at least two nodes: each is one circle, or several with common nodes.</summary>
    public static IReadOnlyList<string[]> Of(IEnumerable<(string From, string To)> edges)
    {
        var search = new Circles(edges);
        foreach (IGrouping<string, string> node in search._edges)
        {
            if (!search._visited.ContainsKey(node.Key))
            {
                search.Visit(node.Key);
            }
        }

        return search._found;
    }

    /// <summary>Visits a node and returns the lowest index that can be reached from it.</summary>
    private int Visit(string node)
    {
        int index = _visited.Count;
        int low = index;
        _visited[node] = index;
        _open.Push(node);
        foreach (string next in _edges[node])
        {
            if (!_visited.TryGetValue(next, out int seen))
            {
                low = Math.Min(low, Visit(next));
            }
            else if (_open.Contains(next))
            {
                low = Math.Min(low, seen);
            }
        }

        if (low == index)
        {
            var component = new List<string>();
            string member;
            do
            {
                member = _open.Pop();
                component.Add(member);
            }
            while (member != node);
            if (component.Count > 1)
            {
                _found.Add([.. component.Order(StringComparer.Ordinal)]);
            }
        }

        return low;
    }
}
