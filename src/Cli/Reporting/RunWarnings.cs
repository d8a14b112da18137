using NnCluster.Coordinator;
using NnCluster.Data;

namespace NnCluster.Cli.Reporting;

/// <summary>Warnings about settings that are valid but probably unintended.</summary>
internal static class RunWarnings
{
    private const int MostNames = 5;

    /// <summary>The lines.</summary>
    public static IEnumerable<string> Of(TrainRequest request)
    {
        int shards = request.Spec.Shards;
        if (request.Workers > shards)
        {
            int idle = request.Workers - shards;
            yield return $"{request.Workers} workers, and minibatches of {shards} shard{(shards == 1 ? "" : "s")}: "
                + $"{idle} {(idle == 1 ? "has" : "have")} nothing to do; give --workers {shards}, or more --shards (a power of two)";
        }

        Dataset data = request.Data;
        string[] absent = data.Preparation is null ? AbsentClasses(data) : [];
        if (absent.Length > 0)
        {
            string names = string.Join(", ", absent.Take(MostNames)) + (absent.Length > MostNames ? ", …" : "");
            yield return $"no training row has the class{(absent.Length == 1 ? "" : "es")} {names}";
        }

        if (data.Classes == 0 && request.Settings.TargetAccuracy is not null)
        {
            yield return "--target-accuracy has no effect: a regression has no accuracy";
        }
    }

    // Those of a table are among its notes.
    private static string[] AbsentClasses(Dataset data)
    {
        bool[] has = new bool[data.Classes];
        foreach (int label in data.Train.Labels)
        {
            has[label] = true;
        }

        return [.. data.ClassNames.Where((_, label) => !has[label])];
    }
}
