using NnCluster.AkkaSupport;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Security;
using NnCluster.Training;

namespace NnCluster.Control;

/// <summary>Whether a worker node may take part in a run: its bits must be the run's bits.</summary>
public static class Admission
{
    /// <summary>Checks a registration.</summary>
    /// <param name="worker">What the node says of itself.</param>
    /// <param name="arithmetic">The run's.</param>
    /// <param name="wireVersion">The coordinator's.</param>
    /// <returns>Null, or the reason in words for both sides.</returns>
    public static string? Check(RegisterNode worker, string arithmetic, long wireVersion = WireVersion.Current)
    {
        if (worker.WireVersion != wireVersion)
        {
            return $"worker {worker.Name} (version {worker.ProgramVersion}) speaks wire version {worker.WireVersion}, the coordinator {wireVersion}: use the same program on both";
        }

        if (worker.Workers < 1)
        {
            return $"worker {worker.Name} offers {worker.Workers} workers: it needs at least 1";
        }

        if (!worker.Arithmetics.Contains(arithmetic, StringComparer.Ordinal))
        {
            string offered = worker.Arithmetics.Length == 0 ? "none" : string.Join(", ", worker.Arithmetics);
            return $"the run computes with {arithmetic}, worker {worker.Name} has {offered}: its results would differ in bits; use the same program and a backend that both have";
        }

        return null;
    }
}
