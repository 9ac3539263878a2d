namespace Glovebox.Tests.Unit.Options;

public sealed class ExecutionPolicyTests
{
    [Fact]
    public void What_is_not_set_is_null_so_that_it_is_no_demand()
    {
        ExecutionPolicy policy = new();
        Assert.Null(policy.Memory);
        Assert.Null(policy.DiskSpace);
        Assert.Null(policy.MaxOutput);
        Assert.Null(policy.Cpus);
        Assert.Null(policy.MaxProcesses);
        Assert.Null(policy.ReadOnlyRootFilesystem);
        Assert.Null(policy.User);
    }

    [Fact]
    public void The_smallest_values_are_taken()
    {
        ExecutionPolicy policy = new() { Memory = 16 << 20, DiskSpace = 1 << 20, MaxOutput = 1 << 10, Cpus = 0.01, MaxProcesses = 4, User = "1:1" };
        Assert.Equal((16 << 20, 1 << 20, 1 << 10, 0.01, 4), (policy.Memory, policy.DiskSpace, policy.MaxOutput, policy.Cpus, policy.MaxProcesses));
    }

    [Fact]
    public void Smaller_ones_are_refused_by_name()
    {
        Refused("Memory", () => new ExecutionPolicy { Memory = (16 << 20) - 1 });
        Refused("Memory", () => new ExecutionPolicy { Memory = -1 });
        Refused("DiskSpace", () => new ExecutionPolicy { DiskSpace = (1 << 20) - 1 });
        Refused("Cpus", () => new ExecutionPolicy { Cpus = 0 });
        Refused("Cpus", () => new ExecutionPolicy { Cpus = -1 });
        Refused("Cpus", () => new ExecutionPolicy { Cpus = double.NaN });
        Refused("Cpus", () => new ExecutionPolicy { Cpus = double.PositiveInfinity });
        Refused("MaxProcesses", () => new ExecutionPolicy { MaxProcesses = 3 });
        Refused("Network", () => new ExecutionPolicy { Network = (NetworkAccess)7 });

        static void Refused(string name, Func<ExecutionPolicy> make) => Assert.Equal(name, Assert.Throws<ArgumentOutOfRangeException>(make).ParamName);
    }

    [Theory]
    [InlineData("1000")]
    [InlineData("1000:100")]
    [InlineData("4294967294")]
    public void A_numeric_user_is_taken(string user) => Assert.Equal(user, new ExecutionPolicy { User = user }.User);

    [Theory]
    [InlineData("0")]
    [InlineData("1000:0")]
    [InlineData("0:1000")]
    [InlineData("root")]
    [InlineData("")]
    [InlineData("1:2:3")]
    [InlineData("-1")]
    [InlineData(" 1")]
    [InlineData("4294967295")]
    [InlineData("4294967296")]
    public void Root_and_what_is_no_number_are_refused(string user) =>
        Assert.Throws<ArgumentException>(() => new ExecutionPolicy { User = user });
}
