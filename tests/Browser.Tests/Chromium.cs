using Microsoft.Playwright;
using TeleFhir.Domain.Tests.Fixtures;

// A browser by itself keeps a core busy: two that talk to each other need what a small machine has.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]

namespace TeleFhir.Browser.Tests;

/// <summary>The Chromium of this machine; where there is none, tests skip with a reason or fail on a build server.</summary>
internal sealed class Chromium : IAsyncDisposable
{
    private static readonly string[] _places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;

    private Chromium(IPlaywright playwright, IBrowser browser) => (_playwright, _browser) = (playwright, browser);

    public static async Task<Chromium> StartAsync(params string[] more)
    {
        var path = _places.FirstOrDefault(File.Exists);
        if (path is null)
        {
            NpmPackage.Missing("Chromium is not installed.");
        }

        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = path,
            Args =
            [
                "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                "--disable-component-update", "--disable-sync", .. more,
            ],
        });
        return new Chromium(playwright, browser);
    }

    /// <summary>A page of a person with no cookies yet.</summary>
    public async Task<IPage> NewPageAsync(int width = 1280, int height = 900)
    {
        var context = await _browser.NewContextAsync(new() { ViewportSize = new() { Width = width, Height = height } });

        // A build server runs other tests beside these.
        context.SetDefaultTimeout(90_000);
        return await context.NewPageAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }
}
