//! Where traces go, as the variables say it that every program with OpenTelemetry knows.
//! <https://opentelemetry.io/docs/specs/otel/protocol/exporter/>

use percent_encoding::percent_decode_str;
use std::{fmt, time::Duration};
use url::Url;

/// Where traces go.
#[derive(Clone, PartialEq, Eq)]
pub struct Settings {
    /// The address that takes them.
    pub endpoint: Url,
    /// Headers that every request has, for example a token.
    pub headers: Vec<(String, String)>,
    /// How long one request may take.
    pub timeout: Duration,
    /// The name under which this program appears.
    pub service: String,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Settings")
            .field("endpoint", &self.endpoint.as_str())
            .field("headers", &names)
            .field("timeout", &self.timeout)
            .field("service", &self.service)
            .finish()
    }
}

/// Variables that nobody can follow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// The address is none.
    #[error("`{variable}` is no address of a collector: write for example `http://127.0.0.1:4318`")]
    Endpoint {
        /// The variable.
        variable: &'static str,
    },
    /// Headers would travel where anybody can read them.
    #[error(
        "`OTEL_EXPORTER_OTLP_HEADERS` would be sent over plain http to another machine: use https, or a collector on this one"
    )]
    Plain,
    /// A header cannot be read. Its value is not told: it may be a secret.
    #[error("`OTEL_EXPORTER_OTLP_HEADERS` is no list of `name=value`, separated by commas")]
    Headers,
    /// Another protocol is asked for.
    #[error("`OTEL_EXPORTER_OTLP_PROTOCOL` asks for `{protocol}`: only `http/protobuf` is spoken")]
    Protocol {
        /// Which.
        protocol: String,
    },
    /// The timeout is no number.
    #[error("`OTEL_EXPORTER_OTLP_TIMEOUT` is no number of milliseconds")]
    Timeout,
}

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const TRACES_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";

impl Settings {
    /// What the variables say; `None` when they name no collector, or switch everything off.
    ///
    /// # Errors
    /// When they cannot be followed.
    pub fn of(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, SettingsError> {
        let said = |name: &str| variable(name).filter(|text| !text.trim().is_empty());
        if said("OTEL_SDK_DISABLED").is_some_and(|word| word.eq_ignore_ascii_case("true"))
            || said("OTEL_TRACES_EXPORTER").is_some_and(|word| word == "none")
        {
            return Ok(None);
        }
        let endpoint = match (said(TRACES_ENDPOINT), said(ENDPOINT)) {
            (Some(text), _) => address(&text, TRACES_ENDPOINT)?,
            (None, Some(text)) => {
                let base = address(&text, ENDPOINT)?;
                let path = format!("{}/v1/traces", base.path().trim_end_matches('/'));
                let mut whole = base;
                whole.set_path(&path);
                whole
            }
            (None, None) => return Ok(None),
        };
        let of_traces = |rest: &str| {
            said(&format!("OTEL_EXPORTER_OTLP_TRACES_{rest}")).or_else(|| said(&format!("OTEL_EXPORTER_OTLP_{rest}")))
        };
        if let Some(protocol) = of_traces("PROTOCOL").filter(|protocol| protocol != "http/protobuf") {
            return Err(SettingsError::Protocol { protocol });
        }
        let headers = of_traces("HEADERS").map(|text| headers(&text)).transpose()?.unwrap_or_default();
        if !headers.is_empty() && endpoint.scheme() == "http" && !is_loopback(&endpoint) {
            return Err(SettingsError::Plain);
        }
        let timeout = of_traces("TIMEOUT").map(|text| text.trim().parse::<u64>().map_err(|_| SettingsError::Timeout));
        let timeout = timeout.transpose()?.map_or(Duration::from_secs(10), Duration::from_millis);
        let service = said("OTEL_SERVICE_NAME").unwrap_or_else(|| "palisade".to_owned());
        Ok(Some(Self { endpoint, headers, timeout, service }))
    }
}

fn address(text: &str, variable: &'static str) -> Result<Url, SettingsError> {
    let url = Url::parse(text.trim()).map_err(|_| SettingsError::Endpoint { variable })?;
    let is_good = ["http", "https"].contains(&url.scheme()) && url.host().is_some() && url.username().is_empty();
    if is_good { Ok(url) } else { Err(SettingsError::Endpoint { variable }) }
}

fn headers(text: &str) -> Result<Vec<(String, String)>, SettingsError> {
    let read = |pair: &str| {
        let (name, value) = pair.split_once('=').ok_or(SettingsError::Headers)?;
        let value = percent_decode_str(value.trim()).decode_utf8().map_err(|_| SettingsError::Headers)?;
        let is_name = |name: &str| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        };
        let name = name.trim();
        if is_name(name) { Ok((name.to_owned(), value.into_owned())) } else { Err(SettingsError::Headers) }
    };
    text.split(',').filter(|pair| !pair.trim().is_empty()).map(read).collect()
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&str, &str)]) -> Result<Option<Settings>, SettingsError> {
        Settings::of(|name| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn the_address_of_traces_is_taken_as_it_is_and_the_common_one_gets_their_path() {
        assert_eq!(of(&[]), Ok(None));
        let common = of(&[(ENDPOINT, "http://otel:4318/")]).unwrap().unwrap();
        assert_eq!((common.endpoint.as_str(), common.service.as_str()), ("http://otel:4318/v1/traces", "palisade"));
        let below = of(&[(ENDPOINT, "https://otel.example/otlp")]).unwrap().unwrap();
        assert_eq!(below.endpoint.as_str(), "https://otel.example/otlp/v1/traces");
        let own =
            of(&[(ENDPOINT, "http://otel:4318"), (TRACES_ENDPOINT, "https://tempo.example/push")]).unwrap().unwrap();
        assert_eq!(own.endpoint.as_str(), "https://tempo.example/push");
    }

    #[test]
    fn whoever_switches_it_off_gets_none() {
        let there = (ENDPOINT, "http://otel:4318");
        assert_eq!(of(&[there, ("OTEL_SDK_DISABLED", "true")]), Ok(None));
        assert_eq!(of(&[there, ("OTEL_TRACES_EXPORTER", "none")]), Ok(None));
    }

    #[test]
    fn headers_are_read_are_never_shown_and_do_not_travel_in_the_open() {
        let token = ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20hush,x-team=sec");
        let settings = of(&[(ENDPOINT, "https://otel.example"), token]).unwrap().unwrap();
        assert_eq!(settings.headers[0], ("authorization".to_owned(), "Bearer hush".to_owned()));
        assert!(!format!("{settings:?}").contains("hush"));
        assert_eq!(of(&[(ENDPOINT, "http://otel:4318"), token]), Err(SettingsError::Plain));
        assert!(of(&[(ENDPOINT, "http://127.0.0.1:4318"), token]).is_ok());
        let odd = of(&[(ENDPOINT, "https://otel.example"), ("OTEL_EXPORTER_OTLP_HEADERS", "hush")]);
        assert_eq!(odd, Err(SettingsError::Headers));
        assert!(!odd.unwrap_err().to_string().contains("hush"));
    }

    #[test]
    fn what_cannot_be_followed_is_refused() {
        assert!(matches!(of(&[(ENDPOINT, "otel:4318")]), Err(SettingsError::Endpoint { .. })));
        assert!(matches!(of(&[(ENDPOINT, "http://user:pw@otel:4318")]), Err(SettingsError::Endpoint { .. })));
        let there = (ENDPOINT, "http://otel:4318");
        let grpc = of(&[there, ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")]);
        assert_eq!(grpc, Err(SettingsError::Protocol { protocol: "grpc".to_owned() }));
        assert_eq!(of(&[there, ("OTEL_EXPORTER_OTLP_TIMEOUT", "soon")]), Err(SettingsError::Timeout));
        let timed = of(&[there, ("OTEL_EXPORTER_OTLP_TIMEOUT", "2500")]).unwrap().unwrap();
        assert_eq!(timed.timeout, Duration::from_millis(2500));
    }
}
