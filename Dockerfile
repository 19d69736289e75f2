FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
COPY . .
RUN dotnet restore src/Api --locked-mode
RUN dotnet publish src/Api -c Release --no-restore -o /app

FROM mcr.microsoft.com/dotnet/aspnet:10.0
WORKDIR /app
COPY --from=build /app .
# The embedded database lives here unless the configuration names another one.
RUN mkdir data && chown $APP_UID data
VOLUME /app/data
USER $APP_UID
ENTRYPOINT ["dotnet", "TeleFhir.Api.dll"]
