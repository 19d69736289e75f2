using System.Collections.Immutable;
using System.Reflection;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Subscriptions;
using SearchParameter = TeleFhir.Domain.Search.SearchParameter;
using Statement = Hl7.Fhir.Model.CapabilityStatement;

namespace TeleFhir.Api.Fhir.Interactions;

/// <summary>
/// The capability statement, made from what the server runs on: the routes, the list of types and the search parameters.
/// What is declared is what is routed.
/// </summary>
internal sealed class CapabilityDocument(
    EndpointDataSource endpoints,
    SearchParameterCatalog catalog,
    FhirAddress address,
    TeleFhirOptions options,
    TimeProvider clock,
    RestSecurity? security = null)
{
    /// <summary>What can be searched by and is no parameter of a resource.</summary>
    private static readonly ImmutableArray<(string Name, SearchParamType Type, string Documentation)> _special =
    [
        ("_type", SearchParamType.Token, "The types to search, in a search of several."),
        ("_text", SearchParamType.String, "Words of the narrative."),
        ("_content", SearchParamType.String, "Words of the whole resource."),
        ("_list", SearchParamType.Special, "The id of a List that names the resource."),
        ("_filter", SearchParamType.Special, "An expression of https://hl7.org/fhir/R4/search_filter.html."),
        ("_has", SearchParamType.Special, "A resource of another type refers to it: _has:[type]:[reference]:[parameter]."),
    ];

    private const string Standard = "http://hl7.org/fhir/OperationDefinition";

    private Made? _made;

    public ReadOnlyMemory<byte> Json
    {
        get
        {
            // Two that make it at the same time make the same.
            var revision = catalog.Revision;
            if (_made is not { } made || made.Revision != revision)
            {
                _made = made = new Made(revision, FhirJson.Serialize(Make(endpoints, catalog, address, options, clock, security)));
            }

            return made.Json;
        }
    }

    private sealed record Made(int Revision, byte[] Json);

    private static Statement Make(
        EndpointDataSource endpoints,
        SearchParameterCatalog catalog,
        FhirAddress address,
        TeleFhirOptions options,
        TimeProvider clock,
        RestSecurity? security)
    {
        var routed = endpoints.Endpoints
            .SelectMany(endpoint => endpoint.Metadata.GetMetadata<DeclaredInteraction>()?.AnyOf ?? [])
            .ToImmutableHashSet();
        var version = typeof(CapabilityDocument).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!
            .InformationalVersion.Split('+')[0];
        return new Statement
        {
            Url = $"{options.Fhir.CanonicalBase.TrimEnd('/')}/CapabilityStatement/server",
            Version = version,
            Name = "TeleFhir",
            Title = "TeleFhir server",
            Status = PublicationStatus.Active,
            DateElement = new FhirDateTime(clock.GetUtcNow()),
            Kind = CapabilityStatementKind.Instance,
            Software = new() { Name = "TeleFhir", Version = version },
            Implementation = new() { Description = "FHIR R4 server for telehealth", Url = address.Base },
            FhirVersion = FHIRVersion.N4_0_1,
            Format = ["application/fhir+json", "application/fhir+xml", "json", "xml"],
            PatchFormat = ["application/json-patch+json", "application/fhir+json", "application/fhir+xml"],
            Rest = [Rest(routed, catalog, Operations(endpoints, options), options, security)],
        };
    }

    private static ILookup<string, Statement.OperationComponent> Operations(EndpointDataSource endpoints, TeleFhirOptions options)
    {
        var definitions = $"{options.Fhir.CanonicalBase.TrimEnd('/')}/OperationDefinition";
        var declared = endpoints.Endpoints.Select(endpoint => endpoint.Metadata.GetMetadata<DeclaredInteraction>()?.Operation);
        return declared.OfType<DeclaredOperation>().Distinct().ToLookup(
            operation => operation.Type,
            operation => new Statement.OperationComponent
            {
                Name = operation.Name,
                Definition = operation.Definition
                    ?? $"{(operation.IsOfR4 ? Standard : definitions)}/{(operation.Type.Length == 0 ? "" : $"{operation.Type}-")}{operation.Name}",
            });
    }

    private static Statement.RestComponent Rest(
        ImmutableHashSet<Interaction> routed,
        SearchParameterCatalog catalog,
        ILookup<string, Statement.OperationComponent> operations,
        TeleFhirOptions options,
        RestSecurity? security) => new()
        {
            Mode = Statement.RestfulCapabilityMode.Server,
            Security = security?.Statement(),
            Resource = [.. ResourceCatalog.Types.Select(type => WithTopics(Resource(type, Of(type, routed), catalog, OperationsOf(type, operations)), type, options))],
            Interaction =
        [
            .. from pair in _ofSystem
               where routed.Contains(pair.Interaction)
               select new Statement.SystemInteractionComponent { Code = pair.Code },
        ],
            Operation = [.. operations[""]],
            SearchParam =
        [
            .. catalog.For(ResourceCatalog.Types[0]).Where(parameter => parameter.Code[0] == '_').Select(SearchParam),
            .. from special in _special
               where special.Name != "_content" || options.Search.IndexContent
               select new Statement.SearchParamComponent { Name = special.Name, Type = special.Type, Documentation = special.Documentation },
        ],
        };

    /// <summary>The topics that can be subscribed to, as the Backport guide has them in R4.</summary>
    private static Statement.ResourceComponent WithTopics(Statement.ResourceComponent resource, string type, TeleFhirOptions options)
    {
        if (type == "Subscription")
        {
            var canonicals = new Canonicals(options.Fhir.CanonicalBase);
            resource.SupportedProfile = [SubscriptionRules.Guide + "backport-subscription"];
            resource.Extension =
            [
                .. TopicCatalog.Topics.Select(topic => new Extension(
                    SubscriptionRules.Guide + "capabilitystatement-subscriptiontopic-canonical", new Canonical(TopicCatalog.UrlOf(topic.Name, canonicals)))),
            ];
        }

        return resource;
    }

    /// <summary>AuditEvents are written once, their tags too.</summary>
    private static IEnumerable<Statement.OperationComponent> OperationsOf(string type, ILookup<string, Statement.OperationComponent> operations) =>
        operations[type].Concat(operations[DeclaredOperation.AnyType]
            .Where(operation => type != "AuditEvent" || operation.Name is not ("meta-add" or "meta-delete")));

    /// <summary>AuditEvents are written once.</summary>
    private static ImmutableHashSet<Interaction> Of(string type, ImmutableHashSet<Interaction> routed) =>
        type == "AuditEvent" ? routed.Except([Interaction.Update, Interaction.Patch, Interaction.Delete]) : routed;

    private static Statement.ResourceComponent Resource(
        string type, ImmutableHashSet<Interaction> routed, SearchParameterCatalog catalog, IEnumerable<Statement.OperationComponent> operations)
    {
        var parameters = catalog.For(type);
        return new Statement.ResourceComponent
        {
            TypeElement = new Code<ResourceType>(Enum.Parse<ResourceType>(type)),
            Interaction =
            [
                .. from pair in _ofType
                   where routed.Contains(pair.Interaction)
                   select new Statement.ResourceInteractionComponent { Code = pair.Code },
            ],
            Versioning = Statement.ResourceVersionPolicy.Versioned,
            ReadHistory = routed.Contains(Interaction.VersionRead),
            UpdateCreate = routed.Contains(Interaction.Update),
            ConditionalCreate = routed.Contains(Interaction.Create),
            ConditionalRead = Statement.ConditionalReadStatus.FullSupport,
            ConditionalUpdate = routed.Contains(Interaction.Update),
            ConditionalDelete = routed.Contains(Interaction.Delete) ? Statement.ConditionalDeleteStatus.Multiple : Statement.ConditionalDeleteStatus.NotSupported,
            SearchInclude = ["*", $"{type}:*", .. References(parameters).Select(parameter => $"{type}:{parameter.Code}")],
            SearchRevInclude = ["*", .. ReferencesTo(type, catalog)],
            SearchParam = [.. parameters.Select(SearchParam)],
            Operation = [.. operations],
        };
    }

    private static Statement.SearchParamComponent SearchParam(SearchParameter parameter) => new()
    {
        Name = parameter.Code,
        Definition = parameter.Url,
        Type = parameter.Type,
        Documentation = DocumentationOf(parameter),
    };

    private static string DocumentationOf(SearchParameter parameter)
    {
        var modifiers = parameter.Modifiers.Select(modifier => $":{modifier}");
        var all = parameter.Type == SearchParamType.Reference ? modifiers.Append(":[type]") : modifiers;
        return parameter.Modifiers.IsEmpty ? parameter.Description : $"{parameter.Description.TrimEnd('.')}. Modifiers: {string.Join(' ', all)}";
    }

    private static IEnumerable<SearchParameter> References(ImmutableArray<SearchParameter> parameters) =>
        parameters.Where(parameter => parameter.Type == SearchParamType.Reference);

    private static IEnumerable<string> ReferencesTo(string target, SearchParameterCatalog catalog) =>
        from source in ResourceCatalog.Types
        from parameter in References(catalog.For(source))
        where parameter.Targets.Contains(target)
        select $"{source}:{parameter.Code}";

    private static readonly ImmutableArray<(Interaction Interaction, Statement.TypeRestfulInteraction Code)> _ofType =
    [
        (Interaction.Read, Statement.TypeRestfulInteraction.Read),
        (Interaction.VersionRead, Statement.TypeRestfulInteraction.Vread),
        (Interaction.Update, Statement.TypeRestfulInteraction.Update),
        (Interaction.Patch, Statement.TypeRestfulInteraction.Patch),
        (Interaction.Delete, Statement.TypeRestfulInteraction.Delete),
        (Interaction.HistoryInstance, Statement.TypeRestfulInteraction.HistoryInstance),
        (Interaction.HistoryType, Statement.TypeRestfulInteraction.HistoryType),
        (Interaction.Create, Statement.TypeRestfulInteraction.Create),
        (Interaction.SearchType, Statement.TypeRestfulInteraction.SearchType),
    ];

    private static readonly ImmutableArray<(Interaction Interaction, Statement.SystemRestfulInteraction Code)> _ofSystem =
    [
        (Interaction.Transaction, Statement.SystemRestfulInteraction.Transaction),
        (Interaction.Batch, Statement.SystemRestfulInteraction.Batch),
        (Interaction.SearchSystem, Statement.SystemRestfulInteraction.SearchSystem),
        (Interaction.HistorySystem, Statement.SystemRestfulInteraction.HistorySystem),
    ];
}
