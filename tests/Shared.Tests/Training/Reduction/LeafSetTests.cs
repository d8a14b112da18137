using CsCheck;
using NnCluster.Memory;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Training;

public sealed class LeafSetTests
{
    [Fact]
    public void Behaves_as_a_set_of_numbers() =>
        Gen.Select(Gen.Int[1, 200], Gen.Int).Sample((leaves, seed) =>
        {
            var random = new Random(seed);
            LeafSet set = LeafSet.Empty(leaves);
            HashSet<int> model = [];
            for (int i = 0; i < 10; i++)
            {
                int start = random.Next(leaves);
                var range = new LeafRange(start, random.Next(leaves - start + 1));
                Assert.Equal(Enumerable.Range(range.Start, range.Count).Any(model.Contains), set.Overlaps(range));
                set = set.With(range);
                model.UnionWith(Enumerable.Range(range.Start, range.Count));
            }

            Assert.Equal(model.Count, set.Count);
            Assert.Equal(model.Count == leaves, set.IsFull);
            Assert.Equal(
                Enumerable.Range(0, leaves).Where(leaf => !model.Contains(leaf)),
                set.Gaps().SelectMany(gap => Enumerable.Range(gap.Start, gap.Count)));
        });
}
