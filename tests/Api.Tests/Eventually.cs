namespace TeleFhir.Api.Tests;

/// <summary>Waits for what happens by itself.</summary>
internal static class Eventually
{
    public static async Task TrueAsync(Func<Task<bool>> isSo)
    {
        for (var tries = 0; !await isSo(); tries++)
        {
            Assert.True(tries < 200, "It has not come to that.");
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }
}
