using NnCluster.Coordinator;
using NnCluster.Data;
using ScottPlot;

namespace NnCluster.Cli.Explore;

/// <summary>Probabilities of a two-class model on a grid of cells, over a square around the data.</summary>
internal sealed class DecisionRegions
{
    /// <summary>Number of cells of a side.</summary>
    public const int Side = 240;

    // Smallest region that counts, in cells: smaller ones come from the grid.
    private const int LeastCells = 8;
    private const double Margin = 0.1;

    private readonly float[] _probabilities;

    private DecisionRegions(float[] probabilities, CoordinateRect extent)
    {
        _probabilities = probabilities;
        Extent = extent;
    }

    /// <summary>The square: the extent of the training points, with a margin of a tenth on each side.</summary>
    public CoordinateRect Extent { get; }

    /// <summary>The probability of class 1 in a cell; column 0 is at the left, row 0 at the bottom.</summary>
    public float this[int column, int row] => _probabilities[(row * Side) + column];

    /// <summary>Computes the probability at the centre of each cell.</summary>
    public static DecisionRegions Compute(TrainedModel model, DataSplit points)
    {
        CoordinateRect extent = SquareAround(points);
        float[] places = new float[2 * Side * Side];
        for (int i = 0; i < Side * Side; i++)
        {
            places[2 * i] = (float)(extent.Left + (((i % Side) + 0.5) * extent.Width / Side));
            places[(2 * i) + 1] = (float)(extent.Bottom + (((i / Side) + 0.5) * extent.Height / Side));
        }

        float[] outputs = model.Predict(places, Side * Side); // (cells, 2)
        return new([.. Enumerable.Range(0, Side * Side).Select(i => outputs[(2 * i) + 1])], extent);
    }

    /// <summary>Counts the connected regions; a cell has four neighbours.</summary>
    public int CountRegions()
    {
        bool[] seen = new bool[Side * Side];
        var open = new Stack<int>();
        int regions = 0;
        for (int start = 0; start < seen.Length; start++)
        {
            int cells = 0;
            Visit(start, _probabilities[start] > 0.5f);
            while (open.TryPop(out int cell))
            {
                cells++;
                (int column, int row) = (cell % Side, cell / Side);
                bool one = _probabilities[cell] > 0.5f;
                VisitIf(column > 0, cell - 1, one);
                VisitIf(column < Side - 1, cell + 1, one);
                VisitIf(row > 0, cell - Side, one);
                VisitIf(row < Side - 1, cell + Side, one);
            }

            regions += cells >= LeastCells ? 1 : 0;
        }

        return regions;

        void VisitIf(bool inside, int cell, bool one)
        {
            if (inside)
            {
                Visit(cell, one);
            }
        }

        void Visit(int cell, bool one)
        {
            if (!seen[cell] && _probabilities[cell] > 0.5f == one)
            {
                seen[cell] = true;
                open.Push(cell);
            }
        }
    }

    /// <summary>
    /// Sharpness of the boundaries, in [0, 1]: Σ|p − q|² / Σ|p − q| over neighbouring cells; 0 if no probability changes. Smooth
    /// boundaries have a small sharpness.
    /// </summary>
    public double Sharpness()
    {
        double sum = 0;
        double squares = 0;
        for (int row = 0; row < Side; row++)
        {
            for (int column = 1; column < Side; column++)
            {
                double across = Math.Abs(this[column, row] - this[column - 1, row]);
                double along = Math.Abs(this[row, column] - this[row, column - 1]);
                sum += across + along;
                squares += (across * across) + (along * along);
            }
        }

        return sum == 0 ? 0 : squares / sum;
    }

    private static CoordinateRect SquareAround(DataSplit points)
    {
        float[] xy = new float[2 * points.Rows];
        points.Copy(0, points.Rows, xy);
        double[] x = [.. xy.Where((_, i) => i % 2 == 0).Select(value => (double)value)];
        double[] y = [.. xy.Where((_, i) => i % 2 == 1).Select(value => (double)value)];
        double half = (0.5 + Margin) * Math.Max(x.Max() - x.Min(), y.Max() - y.Min());
        (double middleX, double middleY) = ((x.Max() + x.Min()) / 2, (y.Max() + y.Min()) / 2);
        return new(middleX - half, middleX + half, middleY - half, middleY + half);
    }
}
