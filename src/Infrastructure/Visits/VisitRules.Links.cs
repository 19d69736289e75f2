using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Visits;

namespace TeleFhir.Infrastructure.Visits;

internal sealed partial class VisitRules
{
    /// <summary>Gets the keys for links ready, where the change set may have one: within the transaction it would be too late.</summary>
    public void PrepareLinks(Domain.Storage.ChangeSet changes)
    {
        if (changes.Changes.Any(change => change.Key.Type is "Appointment" or "Encounter" or "Location" && change is not Domain.Storage.DeleteChange))
        {
            _seal?.Prepare();
        }
    }

    private bool HasLink(DomainResource resource) => VisitLink.Find(resource, _visits.Origin) is not (null, null);

    /// <summary>Links to meetings elsewhere, which are taken out of what is stored.</summary>
    private sealed partial class Round
    {
        private readonly Dictionary<ResourceKey, string?> _links = [];

        /// <summary>Links of resources as they are from now on, sealed; null for those that have none any more.</summary>
        public IReadOnlyDictionary<ResourceKey, string?> Links => _links;

        /// <summary>The resource as it is shown. A page of this server where a link was before means that the link stays.</summary>
        private T Hidden<T>(ResourceKey key, T? before, T after, string page)
            where T : DomainResource
        {
            var url = VirtualServiceDetail.UrlOn(key.Type);
            if (before?.GetExtensions(url).Any() == true && !after.GetExtensions(url).Any())
            {
                _links[key] = null;
                return after;
            }

            var (link, refusal) = VisitLink.Find(after, rules._visits.Origin);
            rules.Demand(refusal);
            if (link is null)
            {
                return after;
            }

            _links[key] = rules._seal is { } seal
                ? seal.Seal(link)
                : throw Refusal.BusinessRule("virtual-service-link", "Links to other services cannot be kept here.", $"{key.Type}.extension").ToException(Canonicals);
            return VisitLink.Hide(after, page, rules._visits.Origin);
        }

        /// <summary>What is gone has no link.</summary>
        private void Unlink<T>(ResourceKey key)
            where T : DomainResource
        {
            if (records.Before<T>(key)?.GetExtensions(VirtualServiceDetail.UrlOn(key.Type)).Any() == true)
            {
                _links[key] = null;
            }
        }
    }
}
