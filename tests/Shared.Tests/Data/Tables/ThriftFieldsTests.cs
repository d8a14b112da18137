using NnCluster.Data;

namespace NnCluster.Shared.Tests.Data;

public sealed class ThriftFieldsTests
{
    /// <summary>A byte a level: lists in lists, maps in maps, structures in structures.</summary>
    [Theory]
    [InlineData(0x19, new byte[] { 0x19 })]
    [InlineData(0x1b, new byte[] { 1, 0xbb })]
    [InlineData(0x1c, new byte[] { 0x1c })]
    public void Nesting_without_end_is_refused(byte first, byte[] level)
    {
        byte[] bytes = [first, .. Enumerable.Repeat(level, 2_000_000).SelectMany(part => part)];
        Assert.Contains("nested more than 32 deep", Assert.Throws<InvalidDataException>(() => ThriftFields.Read(bytes, bytes.Length)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Integers_of_a_structure_and_of_the_structures_in_it_are_read()
    {
        // 1: 21 (i32), 2: { 1: true, 3: -1 (i64) }
        byte[] bytes = [0x15, 42, 0x1c, 0x11, 0x26, 1, 0, 0];
        var fields = ThriftFields.Read(bytes, bytes.Length);
        Assert.Equal((21, 1, -1, null, bytes.Length), (fields[1], fields[2, 1], fields[2, 3], fields[3], fields.Length));
    }
}
