using Microsoft.Extensions.Options;
using TeleFhir.Api;
using TeleFhir.Api.Async;
using TeleFhir.Api.Audit;
using TeleFhir.Api.Binaries;
using TeleFhir.Api.CommandLine;
using TeleFhir.Api.Fhir;
using TeleFhir.Api.Hosting;
using TeleFhir.Api.Monitoring;
using TeleFhir.Api.OpenApi;
using TeleFhir.Api.Operations;
using TeleFhir.Api.Portal;
using TeleFhir.Api.Scheduling;
using TeleFhir.Api.Scheduling.Calendars;
using TeleFhir.Api.Smart;
using TeleFhir.Api.Smart.Bearer;
using TeleFhir.Api.Smart.Pages;
using TeleFhir.Api.StoreAndForward;
using TeleFhir.Api.Subscriptions;
using TeleFhir.Api.Terminology;
using TeleFhir.Api.Validation;
using TeleFhir.Api.Visits;
using TeleFhir.Api.Visits.Rooms;

// Settings lie beside the binary; data and the paths of commands are relative to where it is started.
var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = Command.SettingsIn(args), ContentRootPath = AppContext.BaseDirectory });
builder.UseWebServer();
builder.AddTeleFhir();
if (Command.Find(args) is { } run)
{
    return await run(builder);
}

var app = builder.Build();

app.UseStrictTransport();
app.Use(app.Services.GetRequiredService<AsyncPipeline>().Through);
app.UseRequestTrace();
app.UseResponseCompression();
app.UseWhen(FhirRoutes.Covers, fhir => fhir.UseCors());
app.UseRequestAudit();
app.UseMiddleware<FhirErrors>();
app.UseWhen(FhirRoutes.Covers, fhir => fhir.UseStatusCodePages(FhirErrors.WriteStatusAsync));
app.UseFhirOpenApi();
app.UseAuthorizationServer();
app.UseCalendarLimits();
app.UseRouting();
app.UseRequestTimeouts();
app.UseAccessGate();
app.UseRoomEntrance();
app.UseSubscriptionSockets();
app.UseAsyncRequests();

app.MapLandingPage();
app.MapTelemetry();
app.MapFhir();
app.MapBinaries();
app.MapStoreAndForward();
app.MapAudit();
app.MapValidation();
app.MapTerminology();
app.MapOperations();
app.MapVisits();
app.MapVisitPage();
app.MapMonitoring();
app.MapAvailability();
app.MapBooking();
app.MapCalendarFeeds();
app.MapSubscriptions();
app.MapAsyncRequests();
app.MapExternalConfiguration();
app.MapPages();
app.MapPortal();
app.MapAuthorizationServer();
app.DemandDeclarations();

try
{
    await app.RunAsync();
    return 0;
}
catch (OptionsValidationException wrong)
{
    app.Logger.LogCritical("The server does not start: {Faults}", string.Join(' ', wrong.Failures));
    return 1;
}

/// <summary>The entry point, named for tests that start the server in their own process.</summary>
internal sealed partial class Program;
