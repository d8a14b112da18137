using System.Security.Cryptography;
using NnCluster.Data;
using NnCluster.Memory;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Data;

public sealed class IdxFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Images_are_read_plain_or_compressed_whatever_the_name(bool gzip)
    {
        byte[] content = Idx.Images(5, 3, 4);
        string path = _directory.Write("anything", gzip ? Idx.GZip(content) : content);

        IdxFile file = IdxFile.ReadImages(path, computeSha256: true);

        Assert.Equal([5, 3, 4], file.Dimensions.ToArray());
        Assert.Equal(content[16..], file.Elements.ToArray());
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(content)), file.Sha256);
    }

    [Fact]
    public void A_highly_compressed_file_larger_than_the_first_guess_is_read_whole()
    {
        byte[] content = Idx.File(8, [5000, 30, 30], new byte[5000 * 900]);
        IdxFile file = IdxFile.ReadImages(_directory.Write("zeros.gz", Idx.GZip(content)));
        Assert.Equal(5000 * 900, file.Elements.Length);
        Assert.Equal(-1, file.Elements.Span.IndexOfAnyExcept((byte)0));
    }

    [Fact]
    public void Labels_become_class_numbers()
    {
        IdxFile file = IdxFile.ReadLabels(_directory.Write("labels", Idx.Labels(3, 0, 9)));
        Assert.Equal([3, 0, 9], file.ToClasses(10));
    }

    [Fact]
    public void A_label_outside_the_classes_is_named_with_its_row()
    {
        IdxFile file = IdxFile.ReadLabels(_directory.Write("labels", Idx.Labels(3, 0, 9)));
        Says(() => file.ToClasses(9), "labels", "label 9 of row 2", "0 to 8");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_file_cut_short_is_refused_at_every_length(bool gzip)
    {
        byte[] content = Idx.Images(2, 2, 3);
        for (int length = 1; length < content.Length; length++)
        {
            byte[] cut = content[..length];
            string path = _directory.Write("cut", gzip ? Idx.GZip(cut) : cut);
            Says(() => IdxFile.ReadImages(path), path);
        }
    }

    [Fact]
    public void Gzip_data_cut_short_is_refused_at_every_length()
    {
        byte[] whole = Idx.GZip(Idx.Images(20, 5, 5));
        // Cut within the last eight bytes (checksum and length), all elements are complete and the framework's reader reports no error.
        for (int length = 2; length < whole.Length - 8; length++)
        {
            string path = _directory.Write("cut.gz", whole[..length]);
            Says(() => IdxFile.ReadImages(path), path);
        }
    }

    [Fact]
    public void Gzip_data_with_a_wrong_checksum_is_refused()
    {
        byte[] whole = Idx.GZip(Idx.Images(20, 5, 5));
        whole[^5] ^= 1;
        Says(() => IdxFile.ReadImages(_directory.Write("x.gz", whole)), "x.gz", "damaged");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Bytes_after_the_elements_are_refused(bool gzip)
    {
        byte[] content = [.. Idx.Images(2, 2, 3), 0];
        string path = _directory.Write("long", gzip ? Idx.GZip(content) : content);
        Says(() => IdxFile.ReadImages(path), path, "28 bytes");
    }

    [Fact]
    public void An_empty_file_is_refused() => Says(() => IdxFile.ReadImages(_directory.Write("none", [])), "none", "empty");

    [Fact]
    public void A_wrong_magic_says_what_was_expected() =>
        Says(() => IdxFile.ReadImages(_directory.Write("x", "<html>not here</html>")), "magic 0x3c68746d", "expected", "0x00000803");

    [Fact]
    public void A_gz_name_without_gzip_content_says_so() =>
        Says(() => IdxFile.ReadImages(_directory.Write("x.gz", "<html>not here</html>")), "not compressed by gzip");

    [Fact]
    public void Another_element_type_is_refused() =>
        Says(() => IdxFile.ReadImages(_directory.Write("x", Idx.File(0x0d, [1, 1, 1], new byte[4]))), "type 0x0d", "unsigned bytes");

    [Fact]
    public void Labels_in_place_of_images_are_refused() =>
        Says(() => IdxFile.ReadImages(_directory.Write("x", Idx.Labels(1, 2, 3))), "1 dimensions", "expected an IDX file of images");

    [Fact]
    public void A_missing_file_is_named() => Says(() => IdxFile.ReadImages(_directory["nowhere"]), "nowhere", "cannot be read");

    [Theory]
    [InlineData(int.MaxValue, int.MaxValue, int.MaxValue)]
    [InlineData(-1, 28, 28)]
    [InlineData(0, 28, 28)]
    [InlineData(60000, 28, -28)]
    public void Impossible_dimensions_are_refused(int count, int rows, int columns) =>
        Says(() => IdxFile.ReadImages(_directory.Write("x", Idx.File(8, [count, rows, columns], new byte[9]))), "claims the dimensions");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_header_that_announces_gigabytes_does_not_make_the_reader_allocate_them(bool gzip)
    {
        byte[] content = Idx.File(8, [2_000_000, 1, 1000], new byte[9]);
        string path = _directory.Write("huge", gzip ? Idx.GZip(content) : content);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Says(() => IdxFile.ReadImages(path), "2000000016 bytes", "cut short at 25");
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
    }

    private static void Says(Action action, params string[] parts)
    {
        string message = Assert.Throws<BadInputException>(action).Message;
        Assert.All(parts, part => Assert.Contains(part, message, StringComparison.Ordinal));
    }
}
