namespace NnCluster.Numerics;

/// <summary>Fisher and Yates' shuffle (Durstenfeld 1964) with the words of a counter-based stream.</summary>
internal static class Shuffle
{
    /// <summary>The numbers 0 … <paramref name="rows"/> - 1, shuffled with the words of a stream.</summary>
    public static int[] Of(CounterRandom stream, int rows)
    {
        int[] order = new int[rows];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        Words words = new(stream);
        for (int last = order.Length - 1; last > 0; last--)
        {
            int other = (int)words.Below((uint)last + 1);
            (order[last], order[other]) = (order[other], order[last]);
        }

        return order;
    }

    /// <summary>The words of a stream, one after the other.</summary>
    private ref struct Words(CounterRandom stream)
    {
        private const int Block = 1024;

        private readonly CounterRandom _stream = stream;
        private readonly uint[] _buffer = new uint[Block];
        private int _next;
        private int _used = Block;

        /// <summary>An unbiased number in [0, bound): Lemire, "Fast random integer generation in an interval" (2019).</summary>
        public uint Below(uint bound)
        {
            ulong product = (ulong)Next() * bound;
            if ((uint)product < bound)
            {
                uint threshold = (0u - bound) % bound;
                while ((uint)product < threshold)
                {
                    product = (ulong)Next() * bound;
                }
            }

            return (uint)(product >> 32);
        }

        private uint Next()
        {
            if (_used == Block)
            {
                _stream.Fill(_buffer, _next);
                _next += Block;
                _used = 0;
            }

            return _buffer[_used++];
        }
    }
}
