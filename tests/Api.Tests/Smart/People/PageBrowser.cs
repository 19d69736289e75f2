using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Mvc.Testing.Handlers;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;

namespace TeleFhir.Api.Tests.Smart.People;

/// <summary>A browser without script: keeps cookies, reads pages, fills in the forms that it finds, and shows redirects.</summary>
internal sealed partial class PageBrowser : IDisposable
{
    private readonly HttpClient _client;

    public PageBrowser(TelehealthHost host)
    {
        Cookies = new CookieContainer();
        var server = (TestServer)host.Services.GetRequiredService<IServer>();
        _client = new HttpClient(new CookieContainerHandler(Cookies) { InnerHandler = server.CreateHandler() }) { BaseAddress = new("http://localhost") };
    }

    public CookieContainer Cookies { get; }

    public Task<ShownPage> GetAsync(string address) => SendAsync(new HttpRequestMessage(HttpMethod.Get, address));

    public Task<ShownPage> PostAsync(string address, IEnumerable<KeyValuePair<string, string>> fields) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Post, address) { Content = new FormUrlEncodedContent(fields) });

    public Task<ShownPage> SubmitAsync(PageForm form) => form.Method == "get"
        ? GetAsync($"{form.Action}?{string.Join('&', form.Fields.Select(field => $"{Uri.EscapeDataString(field.Key)}={Uri.EscapeDataString(field.Value)}"))}")
        : PostAsync(form.Action, form.Fields);

    public async Task<ShownPage> SendAsync(HttpRequestMessage request)
    {
        using (request)
        {
            using var response = await _client.SendAsync(request, TestContext.Current.CancellationToken);
            return new ShownPage(
                request.RequestUri!.IsAbsoluteUri ? request.RequestUri.PathAndQuery : request.RequestUri.OriginalString,
                response.StatusCode,
                response.Headers.Location?.OriginalString,
                response.Headers.Concat(response.Content.Headers).ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase),
                await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }
    }

    /// <summary>Follows redirects inside the server; stops at a page or at an address elsewhere.</summary>
    public async Task<ShownPage> FollowAsync(ShownPage page)
    {
        for (var step = 0; step < 10 && page.Location is { } next && next.StartsWith('/'); step++)
        {
            page = await GetAsync(next);
        }

        return page;
    }

    /// <summary>Signs in by password, wherever the form says it goes.</summary>
    public async Task<ShownPage> SignInAsync(string userName, string password, string? returnUrl = null)
    {
        var page = await GetAsync(returnUrl is null ? "/auth/login" : $"/auth/login?returnUrl={Uri.EscapeDataString(returnUrl)}");
        var form = page.Forms.Single(form => form.Inputs.Any(input => input.Type == "password"));
        var name = form.Inputs.Single(input => input.Autocomplete == "username").Name;
        var secret = form.Inputs.Single(input => input.Type == "password").Name;
        return await SubmitAsync(form.With(name, userName).With(secret, password));
    }

    public void Dispose() => _client.Dispose();
}

/// <summary>A page as it came.</summary>
internal sealed partial record ShownPage(string Address, HttpStatusCode Status, string? Location, IReadOnlyDictionary<string, string> Headers, string Html)
{
    public string Header(string name) => Headers.TryGetValue(name, out var value) ? value : "";

    public bool IsHtml => Header("Content-Type").StartsWith("text/html", StringComparison.Ordinal);

    /// <summary>The words on the page.</summary>
    public string Text => Blanks().Replace(WebUtility.HtmlDecode(Tag().Replace(Html, " ")), " ");

    public IReadOnlyList<PageForm> Forms => PageForm.AllIn(Html, Address);

    /// <summary>The form that has a field of this name.</summary>
    public PageForm FormWith(string field) => Forms.First(form => form.Inputs.Any(input => input.Name == field));

    [GeneratedRegex("<[^>]*>")]
    private static partial Regex Tag();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
}

/// <summary>A control of a form; each option of a list is one.</summary>
internal sealed record PageInput(string Name, string Type, string Value, bool IsSent, string Autocomplete, string Words = "");

/// <summary>A form as it would be sent.</summary>
internal sealed partial record PageForm(string Action, string Method, IReadOnlyList<PageInput> Inputs, IReadOnlyList<KeyValuePair<string, string>> Fields)
{
    /// <summary>The values that are offered under a name.</summary>
    public IEnumerable<string> Offered(string name) => Inputs.Where(input => input.Name == name).Select(input => input.Value);

    /// <summary>The button that says this; null where there is none.</summary>
    public PageInput? Button(string words) => Inputs.FirstOrDefault(input => input.Type == "button" && input.Words.StartsWith(words, StringComparison.Ordinal));

    /// <summary>With this value, and no other, under the name.</summary>
    public PageForm With(string name, string value) => this with { Fields = [.. Fields.Where(field => field.Key != name), new(name, value)] };

    /// <summary>With exactly these ticked.</summary>
    public PageForm Ticking(string name, params IEnumerable<string> values) =>
        this with { Fields = [.. Fields.Where(field => field.Key != name), .. values.Select(value => KeyValuePair.Create(name, value))] };

    /// <summary>Sent by the button that says this.</summary>
    public PageForm Pressing(string name, string value) => this with { Fields = [.. Fields, new(name, value)] };

    /// <summary>The forms of a page; one without an action goes to the page's own address.</summary>
    public static IReadOnlyList<PageForm> AllIn(string html, string address) =>
        [.. Form().Matches(html).Select(match => Read(match.Groups["tag"].Value, match.Groups["content"].Value, address))];

    private static PageForm Read(string tag, string content, string address)
    {
        var own = Attributes(tag);
        var inputs = new List<PageInput>();
        foreach (Match match in Control().Matches(content))
        {
            var attributes = Attributes(match.Groups["tag"].Value);
            var name = attributes.GetValueOrDefault("name", "");
            if (match.Groups["kind"].Value == "select")
            {
                inputs.AddRange(Option().Matches(match.Groups["inner"].Value).Select(option => Attributes(option.Groups["tag"].Value))
                    .Select(option => new PageInput(name, "option", option.GetValueOrDefault("value", ""), option.ContainsKey("selected"), "")));
                continue;
            }

            var type = match.Groups["kind"].Value == "input" ? attributes.GetValueOrDefault("type", "text") : match.Groups["kind"].Value;
            var value = type == "textarea" ? WebUtility.HtmlDecode(match.Groups["inner"].Value.TrimStart('\r', '\n')) : attributes.GetValueOrDefault("value", type is "checkbox" or "radio" ? "on" : "");
            var isSent = type switch
            {
                "checkbox" or "radio" => attributes.ContainsKey("checked"),
                "button" or "submit" => false,
                _ => true,
            };
            inputs.Add(new(name, type, value, isSent, attributes.GetValueOrDefault("autocomplete", ""), type == "button" ? match.Groups["inner"].Value : ""));
        }

        return new(
            own.GetValueOrDefault("action", address),
            own.GetValueOrDefault("method", "get").ToLowerInvariant(),
            inputs,
            [.. inputs.Where(input => input.IsSent && input.Name.Length > 0).Select(input => KeyValuePair.Create(input.Name, input.Value))]);
    }

    internal static Dictionary<string, string> Attributes(string tag)
    {
        var attributes = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (Match match in Attribute().Matches(tag))
        {
            attributes.TryAdd(match.Groups["name"].Value, WebUtility.HtmlDecode(match.Groups["value"].Value));
        }

        return attributes;
    }

    [GeneratedRegex("<form(?<tag>[^>]*)>(?<content>.*?)</form>", RegexOptions.Singleline)]
    private static partial Regex Form();

    [GeneratedRegex("<(?<kind>input)\\b(?<tag>[^>]*)>|<(?<kind>select|textarea|button)\\b(?<tag>[^>]*)>(?<inner>.*?)</\\k<kind>>", RegexOptions.Singleline)]
    private static partial Regex Control();

    [GeneratedRegex("<option\\b(?<tag>[^>]*)>", RegexOptions.Singleline)]
    private static partial Regex Option();

    [GeneratedRegex("(?<name>[A-Za-z][\\w-]*)(?:=\"(?<value>[^\"]*)\")?")]
    private static partial Regex Attribute();
}
