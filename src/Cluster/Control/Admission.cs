using NnCluster.Link;

namespace NnCluster.Control;

/// <summary>Decides whether a node may take part in a run: its bits must be the run's bits.</summary>
internal static class Admission
{
    /// <summary>Checks a registration.</summary>
    /// <param name="node">The node's offer.</param>
    /// <param name="arithmetic">Arithmetic of the run.</param>
    /// <param name="wireVersion">Wire version of the coordinator.</param>
    /// <returns>Null, or the refusal.</returns>
    public static Refusal? Check(RegisterNode node, string arithmetic, long wireVersion = WireVersion.Current)
    {
        if (node.WireVersion != wireVersion)
        {
            return new(
                RefusalCause.WireVersion,
                $"node {node.Name} (version {node.ProgramVersion}) speaks wire version {node.WireVersion}, the coordinator {wireVersion}: "
                + "use the same program on both");
        }

        if (node.Workers < 1)
        {
            return new(RefusalCause.WorkerCount, $"node {node.Name} offers {node.Workers} workers: it needs at least 1");
        }

        if (!node.Arithmetics.Contains(arithmetic, StringComparer.Ordinal))
        {
            string offered = node.Arithmetics.Length == 0 ? "none" : string.Join(", ", node.Arithmetics);
            return new(
                RefusalCause.Arithmetic,
                $"the run computes with {arithmetic}, node {node.Name} has {offered}: its results would differ in bits; "
                + "use the same program and a backend that both have");
        }

        return null;
    }
}
