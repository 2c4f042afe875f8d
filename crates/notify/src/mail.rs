//! Mail, by SMTP.

use crate::{
    Answer, DeliveryError, DestinationError, Outcome, Receipt, Resolve, Secrets,
    courier::{Failed, resolved},
    destination::mail_ranges,
    judge,
};
use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor,
    address::Envelope,
    transport::smtp::{
        authentication::Credentials,
        client::{Tls, TlsParameters},
        extension::ClientId,
    },
};
use palisade_message::{Channel, Kind, Mail, MailSecurity};
use std::{net::IpAddr, time::Duration};

/// Sends one mail to the first address of the server, after all of them were checked.
pub(crate) async fn send(
    channel: &Channel,
    mail: &Mail,
    secrets: &Secrets,
    resolver: &dyn Resolve,
    patience: Duration,
) -> Result<Receipt, Failed> {
    let form = || Failed::refused(DeliveryError::Form { channel: channel.name.clone() });
    let Kind::Email { host, port, security, login, .. } = &channel.kind else { return Err(form()) };
    let unreachable = |why: &str| Failed {
        outcome: Outcome::Unreachable,
        error: DeliveryError::Unreachable { host: host.clone(), why: why.to_owned() },
    };
    let address = address(channel, host, resolver).await?;
    let tls = match security {
        MailSecurity::None if address.is_loopback() && channel.allow_loopback => Tls::None,
        MailSecurity::None => {
            let source = DestinationError::NotHttps { host: host.clone(), scheme: "smtp without TLS".to_owned() };
            return Err(Failed::destination(channel, source));
        }
        // The certificate is checked against the name, though the connection goes to the checked address.
        MailSecurity::StartTls => {
            Tls::Required(parameters(host).ok_or_else(|| unreachable("TLS could not be set up"))?)
        }
        MailSecurity::Tls => Tls::Wrapper(parameters(host).ok_or_else(|| unreachable("TLS could not be set up"))?),
    };
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(address.to_string())
        .port(*port)
        .hello_name(ClientId::Domain("palisade.invalid".to_owned()))
        .timeout(Some(patience))
        .tls(tls);
    if let Some((user, password)) = login {
        let password = secrets.get(password).await.map_err(|source| Failed::secret(channel, source))?;
        builder = builder.credentials(Credentials::new(user.clone(), password.expose().to_owned()));
    }
    let parse = |text: &String| text.parse::<Address>().map_err(|_| form());
    let to = mail.to.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
    let envelope = Envelope::new(Some(parse(&mail.from)?), to).map_err(|_| form())?;
    let sent = tokio::time::timeout(patience, builder.build().send_raw(&envelope, &mail.bytes)).await;
    match sent {
        Err(_) => Err(unreachable("not in time")),
        Ok(Ok(response)) => {
            let code = response.code().to_string().parse().unwrap_or(250);
            let text: Vec<&str> = response.message().collect();
            Ok(Receipt {
                outcome: Outcome::Taken,
                answer: Answer::of(code, text.join(" ").as_bytes()),
                error: None,
                ts: None,
                place: None,
                is_below: None,
            })
        }
        Ok(Err(error)) => match error.status() {
            Some(code) => {
                let code: u16 = code.to_string().parse().unwrap_or(500);
                let outcome = of_code(code);
                let error = DeliveryError::Answered { host: host.clone(), status: code, word: None };
                Ok(Receipt {
                    outcome,
                    answer: Answer::of(code, &[]),
                    error: Some(error),
                    ts: None,
                    place: None,
                    is_below: None,
                })
            }
            None if error.is_timeout() => Err(unreachable("not in time")),
            None => Err(unreachable("no connection")),
        },
    }
}

async fn address(channel: &Channel, host: &str, resolver: &dyn Resolve) -> Result<IpAddr, Failed> {
    let allowed = mail_ranges(&channel.kind, channel);
    let addresses = match host.parse::<IpAddr>() {
        Ok(literal) => vec![literal],
        Err(_) => resolved(resolver, host).await?,
    };
    for address in &addresses {
        judge(*address, &allowed).map_err(|source| {
            Failed::destination(channel, DestinationError::Address { host: host.to_owned(), source })
        })?;
    }
    addresses.first().copied().ok_or_else(|| Failed {
        outcome: Outcome::Unreachable,
        error: DeliveryError::Unresolved { host: host.to_owned() },
    })
}

fn parameters(host: &str) -> Option<TlsParameters> {
    TlsParameters::new(host.to_owned()).ok()
}

/// What a mail server's code says (RFC 5321, 4.2): 4yz is for later; of 5yz some speak of us, some of the message.
fn of_code(code: u16) -> Outcome {
    match code {
        200..=399 => Outcome::Taken,
        400..=499 => Outcome::Later(None),
        // Authentication required, refused or too weak; the sender or every recipient is refused.
        530 | 534 | 535 | 538 | 550 | 551 | 553 => Outcome::Unwelcome,
        552 => Outcome::TooLarge,
        _ => Outcome::Wrong,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_mail_server_says_is_a_row_of_the_same_table() {
        for (code, outcome) in [
            (250, Outcome::Taken),
            (421, Outcome::Later(None)),
            (451, Outcome::Later(None)),
            (535, Outcome::Unwelcome),
            (550, Outcome::Unwelcome),
            (552, Outcome::TooLarge),
            (554, Outcome::Wrong),
        ] {
            assert_eq!(of_code(code), outcome, "{code}");
        }
    }
}
