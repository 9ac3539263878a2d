using System.Globalization;
using Glovebox.Sandboxes.Host;

namespace Glovebox.Tests.Unit.Host;

public sealed class OwnerMapTests
{
    [Theory]
    [InlineData(2_000_000_001u, "0 2000000001 1\n1 1 2000000000\n2000000002 2000000002 2294967293\n")]
    [InlineData(65_534u, "0 65534 1\n1 1 65533\n65535 65535 4294901760\n")]
    public void Root_becomes_the_user_and_all_others_stay_who_they_are(uint user, string map)
    {
        Assert.Equal(map, OwnerMap.Text(user));

        // Every id but the user's own and the last, which is no user, is seen as one id.
        IEnumerable<ulong> counts = map.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => ulong.Parse(line.Split(' ')[2], CultureInfo.InvariantCulture));
        Assert.Equal(uint.MaxValue - 1UL, counts.Aggregate(0UL, (sum, count) => sum + count));
    }
}
