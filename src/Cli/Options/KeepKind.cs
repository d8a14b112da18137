namespace NnCluster.Cli.Options;

/// <summary>Model state that is the result of a run: the value of <c>--keep</c>.</summary>
internal enum KeepKind
{
    /// <summary>The one with the least loss on the validation rows.</summary>
    Best,

    /// <summary>The last one.</summary>
    Last,
}
