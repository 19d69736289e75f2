using Microsoft.Playwright;
using TeleFhir.Api.Tests.Durability;

namespace TeleFhir.Browser.Tests;

/// <summary>
/// A visit on its page, between two browsers that know nothing of each other but the server: a patient and a clinician, each with a camera and
/// a microphone that make a picture and a tone. Pictures of the pages are left beside the test's binary.
/// </summary>
public sealed class VisitTests
{
    private const string Visit = "demo-amy-visit";
    private const string Remote = ".peer video";

    /// <summary>Keeps the page's peer connections where <see cref="Connections"/> finds them.</summary>
    private const string Keep = """
        window.connections = [];
        window.RTCPeerConnection = class extends RTCPeerConnection {
          constructor(...all) { super(...all); window.connections.push(this); }
        };
        """;

    /// <summary>How the page's peer connections stand, for whoever reads why no picture came.</summary>
    private const string Connections = """
        async () => JSON.stringify(await Promise.all(window.connections.map(async one => ({
          signaling: one.signalingState, ice: one.iceConnectionState, gathering: one.iceGatheringState, state: one.connectionState,
          streams: [...(await one.getStats()).values()].filter(stat => /bound-rtp|candidate-pair/.test(stat.type) && stat.kind !== 'audio')
            .map(({ type, state, framesEncoded, framesDecoded, framesDropped, packetsSent, packetsReceived }) =>
              ({ type, state, framesEncoded, framesDecoded, framesDropped, packetsSent, packetsReceived })),
        }))))
        """;

    private static readonly string[] _devices =
        ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", "--auto-select-desktop-capture-source=Entire screen", "--autoplay-policy=no-user-gesture-required"];

    [Fact]
    public async Task Patient_and_clinician_see_each_other_through_drops_and_restarts_until_the_end()
    {
        await using var scene = await Scene.StartAsync();
        var (amy, lee) = (scene.Amy, scene.Lee);

        await scene.OpenAsync(amy, "patient");
        await amy.GetByText("Camera and microphone work.").WaitForAsync();
        await ShowAsync(amy, "check");
        await amy.GetByRole(AriaRole.Button, new() { Name = "Join the visit" }).ClickAsync();
        await amy.GetByRole(AriaRole.Heading, new() { Name = "You are in the waiting room" }).WaitForAsync();
        await ShowAsync(amy, "lobby");

        await scene.OpenAsync(lee, "clinician");
        await lee.GetByRole(AriaRole.Button, new() { Name = "Join the visit" }).ClickAsync();
        await lee.GetByText("Amy Rivera is waiting.").WaitForAsync();
        await ShowAsync(lee, "admit");
        Assert.Equal(0, await amy.Locator(Remote).CountAsync());
        await lee.GetByRole(AriaRole.Button, new() { Name = "Let the patient in" }).ClickAsync();
        await Task.WhenAll(PlaysAsync(amy), PlaysAsync(lee));
        Assert.DoesNotContain("access_token", amy.Url, StringComparison.Ordinal);
        await ShowAsync(amy, "room-narrow");
        await ShowAsync(lee, "room");

        await TalkAsync(lee, amy, "How are you?");
        await MuteAsync(amy);
        await ShareAsync(lee, amy);

        // The socket of the patient is cut, and then the server dies: the visit goes on.
        await scene.CutAsync();
        await Task.WhenAll(PlaysAsync(amy), PlaysAsync(lee));
        await scene.RestartAsync();
        await Task.WhenAll(PlaysAsync(amy), PlaysAsync(lee));
        await TalkAsync(amy, lee, "Still here.");

        lee.Dialog += (_, dialog) => dialog.AcceptAsync();
        await lee.GetByRole(AriaRole.Button, new() { Name = "End the visit" }).ClickAsync();
        await Task.WhenAll(amy.GetByText("The visit is over.").WaitForAsync(), lee.GetByText("The visit is over.").WaitForAsync());
        await ShowAsync(amy, "over");
        Assert.Empty(scene.Faults);
    }

    [Fact]
    public async Task A_guest_comes_by_a_link_whose_code_does_not_stay_in_the_address()
    {
        await using var scene = await Scene.StartAsync();
        await scene.OpenAsync(scene.Lee, "clinician");
        await scene.Lee.GetByRole(AriaRole.Button, new() { Name = "Join the visit" }).ClickAsync();
        await scene.Lee.GetByLabel("Name").FillAsync("Uncle Bob");
        await scene.Lee.GetByRole(AriaRole.Button, new() { Name = "Make a link" }).ClickAsync();
        await scene.Lee.GetByText("#invite=").WaitForAsync();
        var link = await scene.Lee.Locator("#invite-link").InnerTextAsync();

        await scene.Amy.GotoAsync(link);
        await scene.Amy.GetByRole(AriaRole.Button, new() { Name = "Join the visit" }).ClickAsync();
        await scene.Amy.GetByRole(AriaRole.Heading, new() { Name = "You are in the waiting room" }).WaitForAsync();
        Assert.EndsWith($"/visit/{Visit}", scene.Amy.Url, StringComparison.Ordinal);
        await scene.Lee.GetByText("Uncle Bob is waiting.").WaitForAsync();
        await scene.Lee.GetByRole(AriaRole.Button, new() { Name = "Let the patient in" }).ClickAsync();
        await Task.WhenAll(PlaysAsync(scene.Amy), PlaysAsync(scene.Lee));

        // The browser is known now; the link is not needed again, and does not work again.
        await scene.Amy.ReloadAsync();
        await scene.Amy.GetByRole(AriaRole.Button, new() { Name = "Join the visit" }).ClickAsync();
        await PlaysAsync(scene.Amy);
        Assert.Empty(scene.Faults);
    }

    /// <summary>Waits until the picture of the other moves: so many frames were shown.</summary>
    private static async Task PlaysAsync(IPage page)
    {
        const string Frames = "() => [...document.querySelectorAll('.peer video')].reduce((sum, video) => sum + video.getVideoPlaybackQuality().totalVideoFrames, 0)";
        try
        {
            await page.GetByText("Connected", new() { Exact = true }).WaitForAsync(new() { Timeout = 120_000 });
            await page.WaitForFunctionAsync($"() => ({Frames})() > 15", null, new() { Timeout = 120_000 });
            var before = await page.EvaluateAsync<int>(Frames);
            await page.WaitForFunctionAsync($"before => ({Frames})() > before + 15", before, new() { Timeout = 120_000 });
        }
        catch (TimeoutException exception)
        {
            throw new TimeoutException($"No picture moves. The connections of the page: {await page.EvaluateAsync<string>(Connections)}", exception);
        }
    }

    private static async Task TalkAsync(IPage from, IPage to, string text)
    {
        await from.GetByLabel("Message").FillAsync(text);
        await from.GetByRole(AriaRole.Button, new() { Name = "Send" }).ClickAsync();
        await to.GetByText(text).WaitForAsync();
    }

    private static async Task MuteAsync(IPage page)
    {
        await page.GetByRole(AriaRole.Button, new() { Name = "Mute" }).ClickAsync();
        Assert.False(await page.EvaluateAsync<bool>("document.getElementById('self').srcObject.getAudioTracks()[0].enabled"));
        await page.GetByRole(AriaRole.Button, new() { Name = "Unmute" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Camera off" }).ClickAsync();
        Assert.False(await page.EvaluateAsync<bool>("document.getElementById('self').srcObject.getVideoTracks()[0].enabled"));
        await page.GetByRole(AriaRole.Button, new() { Name = "Camera on" }).ClickAsync();
    }

    /// <summary>The picture of the screen has another shape than the camera's.</summary>
    private static async Task ShareAsync(IPage from, IPage to)
    {
        const string Width = "() => document.querySelector('.peer video').videoWidth";
        var camera = await to.EvaluateAsync<int>(Width);
        await from.GetByRole(AriaRole.Button, new() { Name = "Share screen" }).ClickAsync();
        await to.WaitForFunctionAsync($"camera => ({Width})() !== camera", camera);
        await from.GetByRole(AriaRole.Button, new() { Name = "Stop sharing" }).ClickAsync();
        await to.WaitForFunctionAsync($"camera => ({Width})() === camera", camera);
    }

    private static async Task ShowAsync(IPage page, string name) =>
        await page.ScreenshotAsync(new() { Path = Path.Combine(AppContext.BaseDirectory, "screenshots", $"visit-{name}.png"), FullPage = true });

    /// <summary>A server with demo data, and a browser for each of the two.</summary>
    private sealed class Scene : IAsyncDisposable
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("telefhir-browser-");
        private readonly List<(IWebSocketRoute Page, IWebSocketRoute Server)> _sockets = [];
        private Chromium _one = null!;
        private Chromium _other = null!;
        private ServerProcess _server = null!;

        public IPage Amy { get; private set; } = null!;

        public IPage Lee { get; private set; } = null!;

        /// <summary>What went wrong in the scripts of the pages.</summary>
        public List<string> Faults { get; } = [];

        private Dictionary<string, string> Settings => new()
        {
            ["Auth:Mode"] = "Embedded",
            ["Demo:Seed"] = "true",
            ["ConnectionStrings:TeleFhir"] = $"Data Source={Path.Combine(_folder.FullName, "telefhir.db")}",
            ["Search:PageTokenKeyFile"] = Path.Combine(_folder.FullName, "page.key"),
        };

        public static async Task<Scene> StartAsync()
        {
            var scene = new Scene { _one = await Chromium.StartAsync(_devices), _other = await Chromium.StartAsync(_devices) };
            scene._server = await ServerProcess.StartAsync(scene.Settings, TestContext.Current.CancellationToken);
            scene.Amy = await scene._one.NewPageAsync(width: 390, height: 844);
            scene.Lee = await scene._other.NewPageAsync();
            foreach (var page in (IPage[])[scene.Amy, scene.Lee])
            {
                page.PageError += (_, fault) => scene.Faults.Add(fault);
                await page.AddInitScriptAsync(Keep);
            }

            await scene.Amy.RouteWebSocketAsync("**/rtc*", route => scene._sockets.Add((route, route.ConnectToServer())));
            return scene;
        }

        public async Task OpenAsync(IPage page, string userName)
        {
            await page.GotoAsync($"{_server.Client.BaseAddress}visit/{Visit}");
            await page.SignInAsync(userName);
            await page.GetByRole(AriaRole.Button, new() { Name = "Allow" }).ClickAsync();
            await page.GetByRole(AriaRole.Heading, new() { Name = "Check your camera and microphone" }).WaitForAsync();
        }

        public async Task CutAsync()
        {
            var (page, server) = _sockets[^1];
            await server.CloseAsync();
            await page.CloseAsync();
            await Amy.GetByText("Connection lost. Connecting again").WaitForAsync();
        }

        public async Task RestartAsync()
        {
            var port = _server.Client.BaseAddress!.Port;
            await _server.DisposeAsync();
            await Amy.GetByText("Connection lost. Connecting again").WaitForAsync();
            await Lee.GetByText("Connection lost. Connecting again").WaitForAsync();
            _server = await ServerProcess.StartAsync(Settings, TestContext.Current.CancellationToken, port);
        }

        public async ValueTask DisposeAsync()
        {
            await _server.DisposeAsync();
            await _one.DisposeAsync();
            await _other.DisposeAsync();
            _folder.Delete(recursive: true);
        }
    }
}
