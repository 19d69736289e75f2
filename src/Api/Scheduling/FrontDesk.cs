using TeleFhir.Api.Scheduling.Jobs;
using TeleFhir.Api.Scheduling.Reminders;
using TeleFhir.Domain.Changes;
using TeleFhir.Domain.Scheduling;

namespace TeleFhir.Api.Scheduling;

/// <summary>Registers the front desk: its settings, its operations' desk, and what it does by itself.</summary>
internal static class FrontDesk
{
    public static void AddFrontDesk(this IServiceCollection services)
    {
        services.AddSingleton<BookingDesk>();
        services.AddSingleton<ScheduleDirectory>();
        services.AddSingleton(provider =>
        {
            var options = provider.GetRequiredService<TeleFhirOptions>();
            return new BookingSettings(new(options.Fhir.CanonicalBase))
            {
                MaxHoldsPerPatient = options.Scheduling.MaxHoldsPerPatient,
                LateCancel = options.Scheduling.LateCancel,
                CheckInOpens = options.Scheduling.CheckInOpens,
                OfferFor = options.Scheduling.OfferFor,
                RequireLicence = options.Scheduling.RequireLicence,
                RequireConsent = options.Scheduling.RequireConsent,
                NoShowGrace = options.Visits.NoShowGrace,
            };
        });
        services.AddReminders();
        services.AddSingleton<RunOutHolds>();
        services.AddSingleton<MissedAppointments>();
        services.AddSingleton<IChangeFollower, WaitingListOffers>();
        services.AddHostedService<FrontDeskJobs>();
    }
}
