using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Mvc.Testing.Handlers;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;

namespace TeleFhir.Api.Tests.Smart;

/// <summary>
/// A browser without script: keeps cookies, follows redirects within the server, fills in the forms of a page and sends them with what is
/// hidden in them.
/// </summary>
internal sealed partial class PageBrowser
{
    private readonly HttpClient _http;

    public PageBrowser(TelehealthHost host)
    {
        Cookies = new CookieContainer();
        _http = Client((TestServer)host.Services.GetRequiredService<IServer>(), Cookies);
    }

    public CookieContainer Cookies { get; }

    /// <summary>The page that is shown.</summary>
    public Answer Page { get; private set; } = null!;

    /// <summary>Its address; that of an application where it led there.</summary>
    public Uri Address { get; private set; } = new("http://localhost");

    /// <summary>A path whose address is not followed.</summary>
    public string? StopsAt { get; set; }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public Task<Answer> OpenAsync(string address) => GoAsync(new HttpRequestMessage(HttpMethod.Get, address));

    /// <summary>Sends the first form that has a button with these words, with these values in place of what it holds; null leaves one out.</summary>
    public Task<Answer> SubmitAsync(string button, params (string Name, string? Value)[] values)
    {
        var form = Form().Matches(Page.Body).Select(match => match.Value).First(form => ButtonOf(form, button) is not null);
        var fields = FieldsOf(form).Where(field => values.All(value => value.Name != field.Key))
            .Concat(values.Where(value => value.Value is not null).Select(value => KeyValuePair.Create(value.Name, value.Value!)));
        var tag = ButtonOf(form, button)!;
        if (Attribute(tag, "name") is { Length: > 0 } name)
        {
            fields = fields.Append(KeyValuePair.Create(name, Attribute(tag, "value") ?? ""));
        }

        var opening = form[..form.IndexOf('>', StringComparison.Ordinal)];
        return PostAsync(Attribute(opening, "action")!, fields);
    }

    public Task<Answer> PostAsync(string address, IEnumerable<KeyValuePair<string, string>> fields) =>
        GoAsync(new HttpRequestMessage(HttpMethod.Post, address) { Content = new FormUrlEncodedContent(fields) });

    public async Task<Answer> SignInAsync(string userName, string password = "Telefhir-demo-1")
    {
        if (!Address.AbsolutePath.StartsWith("/auth/login", StringComparison.Ordinal))
        {
            await OpenAsync("/auth/login");
        }

        return await SubmitAsync("Sign in", ("username", userName), ("password", password));
    }

    /// <summary>The values of the boxes, fields and options of this name on the page.</summary>
    public string[] ValuesOf(string name) =>
    [
        .. Input().Matches(Page.Body).Select(match => match.Value).Where(tag => Attribute(tag, "name") == name).Select(tag => Attribute(tag, "value") ?? ""),
        .. from Match list in List().Matches(Page.Body)
           where Attribute(list.Groups["tag"].Value, "name") == name
           from Match option in Option().Matches(list.Value)
           select Attribute(option.Value, "value") ?? "",
    ];

    private async Task<Answer> GoAsync(HttpRequestMessage request)
    {
        using (request)
        {
            var response = await _http.SendAsync(request, Cancel);
            Address = new Uri(Address, request.RequestUri!);
            for (var hops = 0; response.Headers.Location is { } location; hops++)
            {
                Assert.True(hops < 10, "The redirects do not end.");
                Address = new Uri(Address, location);
                if (Address.Authority != "localhost" || Address.AbsolutePath == StopsAt)
                {
                    break;
                }

                response = await _http.GetAsync(Address, Cancel);
            }

            return Page = await Answer.OfAsync(response);
        }
    }

    private static HttpClient Client(TestServer server, CookieContainer cookies) =>
        new(new CookieContainerHandler(cookies) { InnerHandler = server.CreateHandler() }) { BaseAddress = new Uri("http://localhost") };

    private static IEnumerable<KeyValuePair<string, string>> FieldsOf(string form) =>
        from Match match in Input().Matches(form)
        let tag = match.Value
        where Attribute(tag, "type") is not ("checkbox" or "radio") || tag.Contains(" checked", StringComparison.Ordinal)
        where Attribute(tag, "name") is { Length: > 0 }
        select KeyValuePair.Create(Attribute(tag, "name")!, Attribute(tag, "value") ?? "");

    private static string? ButtonOf(string form, string words) => Button().Matches(form)
        .Where(match => match.Groups["words"].Value.StartsWith(words, StringComparison.Ordinal))
        .Select(match => match.Value)
        .FirstOrDefault();

    private static string? Attribute(string tag, string name) =>
        Regex.Match(tag, $"\\s{name}=\"(?<value>[^\"]*)\"") is { Success: true } match ? WebUtility.HtmlDecode(match.Groups["value"].Value) : null;

    [GeneratedRegex("<form.*?</form>", RegexOptions.Singleline)]
    private static partial Regex Form();

    [GeneratedRegex("<input[^>]*>")]
    private static partial Regex Input();

    [GeneratedRegex("<select(?<tag>[^>]*)>.*?</select>", RegexOptions.Singleline)]
    private static partial Regex List();

    [GeneratedRegex("<option[^>]*>")]
    private static partial Regex Option();

    [GeneratedRegex("<button[^>]*>(?<words>[^<]*)")]
    private static partial Regex Button();
}
