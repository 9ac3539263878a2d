namespace Glovebox.Tests.Platform.Docker.Support;

/// <summary>The images that <c>eng/docker/images</c> makes ready.</summary>
public static class TestImages
{
    public const string Python = "glovebox-test-python";
    public const string Shell = "glovebox-test-shell";
    public const string Node = "glovebox-test-node";
    public const string PowerShell = "glovebox-test-pwsh";
}
