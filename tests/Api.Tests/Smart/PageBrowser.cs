using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Mvc.Testing.Handlers;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using TeleFhir.Api.Tests.Smart.People;

namespace TeleFhir.Api.Tests.Smart;

/// <summary>
/// A browser without script: keeps cookies, follows redirects within the server, fills in the forms of a page and sends them with what is
/// hidden in them.
/// </summary>
internal sealed class PageBrowser
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

    private IReadOnlyList<PageForm> Forms => PageForm.AllIn(Page.Body, Address.PathAndQuery);

    /// <summary>Sends the first form that has a button with these words, with these values in place of what it holds; null leaves one out.</summary>
    public Task<Answer> SubmitAsync(string button, params (string Name, string? Value)[] values)
    {
        var form = Forms.First(form => form.Button(button) is not null);
        var fields = form.Fields.Where(field => values.All(value => value.Name != field.Key))
            .Concat(values.Where(value => value.Value is not null).Select(value => KeyValuePair.Create(value.Name, value.Value!)));
        return PostAsync(form.Action, form.Button(button) is { Name.Length: > 0 } pressed ? fields.Append(new(pressed.Name, pressed.Value)) : fields);
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
    public string[] ValuesOf(string name) => [.. Forms.SelectMany(form => form.Offered(name))];

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
}
