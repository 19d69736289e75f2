using Microsoft.OpenApi;

namespace TeleFhir.Api.OpenApi;

/// <summary>
/// The OpenAPI document and Swagger UI. The document is written from the same catalogues that route and parse
/// (<see cref="FhirDocumentFilter"/>), not from the handlers' signatures: those all take a request and give an answer.
/// </summary>
internal static class OpenApiSetup
{
    public const string DocumentName = "v1";

    public static IServiceCollection AddFhirOpenApi(this IServiceCollection services) => services
        .AddEndpointsApiExplorer()
        .AddSwaggerGen(options =>
        {
            options.SwaggerDoc(DocumentName, new OpenApiInfo
            {
                Title = "TeleFhir",
                Version = DocumentName,
                Description = "FHIR R4 backend for telehealth. Appointment, Encounter, Observation, Patient, Schedule and Slot are spelled out; "
                    + "every other R4 resource type has the same interactions under `/fhir/{type}`. "
                    + "`/fhir/metadata` tells the search parameters of every type.",
                License = new OpenApiLicense { Name = "Apache-2.0", Url = new Uri("https://www.apache.org/licenses/LICENSE-2.0") },
            });
            options.DocInclusionPredicate((_, _) => false);
            options.DocumentFilter<FhirDocumentFilter>();
        });

    public static IApplicationBuilder UseFhirOpenApi(this IApplicationBuilder app) => app
        .UseSwagger()
        .UseSwaggerUI(options =>
        {
            options.SwaggerEndpoint($"{DocumentName}/swagger.json", "TeleFhir");
            options.DocumentTitle = "TeleFhir API";
            options.DefaultModelsExpandDepth(-1);
        });
}
