namespace NnCluster.AkkaSupport;

/// <summary>
/// Marks a class that exists because of a defect or a gap of Akka.NET. A test compares <paramref name="version"/> with
/// the version in use: an upgrade fails the test until each workaround has been checked again.
/// </summary>
/// <param name="version">Newest version of Akka.NET for which the workaround was found necessary.</param>
/// <param name="until">Condition under which the class can be deleted.</param>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class AkkaWorkaroundAttribute(string version, string until) : Attribute
{
    /// <summary>Version of all Akka packages, as in <c>Directory.Packages.props</c>.</summary>
    public const string CurrentVersion = "1.5.73";

    /// <summary>Newest version of Akka.NET for which the workaround was found necessary.</summary>
    public string Version => version;

    /// <summary>Condition under which the class can be deleted.</summary>
    public string Until => until;
}
