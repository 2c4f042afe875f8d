use super::*;

const QUOTA: Quota = Quota { host: "ec2.", requests: 20, per_seconds: 1, burst: 100, source: "" };

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

/// How long each of so many requests waits that are made at the same moment.
fn burst(bucket: &mut Bucket, now: Instant, count: usize) -> Vec<Duration> {
    (0..count).map(|_| bucket.take(now)).collect()
}

#[test]
fn nobody_waits_while_nobody_asks_to_slow_down() {
    let now = Instant::now();
    let mut bucket = Bucket::new(None, now);
    assert!(burst(&mut bucket, now, 10_000).iter().all(Duration::is_zero));
    assert!(burst(&mut bucket, now + seconds(3.0), 10_000).iter().all(Duration::is_zero));
}

#[test]
fn a_share_of_a_quota_bounds_burst_and_rate() {
    let now = Instant::now();
    let mut bucket = Bucket::new(Some((&QUOTA, 50)), now);
    let waits = burst(&mut bucket, now, 70);
    assert!(waits[..50].iter().all(Duration::is_zero), "half of the burst of 100");
    assert_eq!(waits[69], seconds(2.0), "twenty more at half of 20 a second");
    let mut late = bucket.take(now + seconds(100.0));
    assert_eq!(late, Duration::ZERO);
    late = burst(&mut bucket, now + seconds(100.0), 50)[49];
    assert_eq!(late, seconds(0.1), "no more than a burst is saved up in any time");
}

#[test]
fn a_request_to_slow_down_halves_what_leaves_and_it_comes_back_slowly() {
    let now = Instant::now();
    let mut bucket = Bucket::new(None, now);
    burst(&mut bucket, now, 40);
    bucket.slow_down(now, None);
    assert_eq!(bucket.rate, Some(20.0));
    // The other answers that were under way say the same: it is not halved again, and goes on coming back.
    bucket.slow_down(now + seconds(0.5), None);
    assert_eq!(bucket.rate, Some(20.4));
    bucket.fill(now + seconds(10.0));
    assert!((bucket.rate.unwrap() - 28.0).abs() < 1e-6, "a fiftieth of 40 in each of ten seconds: {:?}", bucket.rate);
    bucket.fill(now + seconds(76.0));
    assert_eq!(bucket.rate, None, "at twice of what was too much it is forgotten");
}

#[test]
fn whoever_asks_again_and_again_is_asked_ever_more_slowly_and_still_asked() {
    let now = Instant::now();
    let mut bucket = Bucket::new(None, now);
    burst(&mut bucket, now, 40);
    let mut rates = Vec::new();
    for second in 0..10 {
        let now = now + seconds(f64::from(second) * 2.0);
        bucket.take(now);
        bucket.slow_down(now, None);
        rates.push(bucket.rate.unwrap());
    }
    assert!(rates.windows(2).all(|pair| pair[1] <= pair[0]), "{rates:?}");
    assert!((rates[9] - SLOWEST).abs() < 1e-9, "{rates:?}");
}

#[test]
fn the_rest_that_a_service_asks_for_is_given_to_it_by_everybody_and_bounded() {
    let now = Instant::now();
    let mut bucket = Bucket::new(None, now);
    burst(&mut bucket, now, 100);
    bucket.slow_down(now, Some(seconds(7.0)));
    assert_eq!(bucket.take(now), seconds(7.0));
    assert_eq!(bucket.take(now + seconds(5.0)), seconds(2.0));
    bucket.slow_down(now, Some(Duration::from_hours(3)));
    assert_eq!(bucket.take(now), LONGEST_REST);
}

#[test]
fn with_a_share_the_rate_never_grows_above_it() {
    let now = Instant::now();
    let mut bucket = Bucket::new(Some((&QUOTA, 50)), now);
    burst(&mut bucket, now, 60);
    bucket.slow_down(now, None);
    assert_eq!(bucket.rate, Some(5.0));
    bucket.fill(now + Duration::from_hours(1));
    assert_eq!(bucket.rate, Some(10.0));
}

#[test]
fn a_budget_is_used_up_exactly_whoever_takes_from_it() {
    let budget = Budget::new(Some(1_000));
    let taken: usize = std::thread::scope(|scope| {
        let hands: Vec<_> =
            (0..8).map(|_| scope.spawn(|| (0..500).filter(|_| budget.take().is_ok()).count())).collect();
        hands.into_iter().map(|hand| hand.join().unwrap()).sum()
    });
    assert_eq!(taken, 1_000);
    assert_eq!(budget.look(), Err(BudgetSpent { max_calls: 1_000 }));
    let endless = Budget::new(None);
    assert!((0..10_000).all(|_| endless.take().is_ok()) && endless.look().is_ok());
}
