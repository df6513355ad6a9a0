//! Examples and counter-examples of the specification, and an invoice of a wallet.

use super::*;
use proptest::prelude::*;

/// The payment hash of every example of BOLT 11.
const HASH: &str = "0001020304050607080900010203040506070809000102030405060708090102";
/// When every example was made.
const MADE_AT: i64 = 1_496_314_658;

/// Any amount, for an hour.
const DONATION: &str = "lnbc1pvjluezsp5zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zygspp5qqqsyqcyq5rqwzqfqq\
     qsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqdpl2pkx2ctnv5sxxmmwwd5kgetjypeh2ursdae8g6twvus8g6rfwvs\
     8qun0dfjkxaq9qrsgq357wnc5r2ueh7ck6q93dj32dlqnls087fxdwk8qakdyafkq3yap9us6v52vjjsrvywa6rt\
     52cm9r9zqt8r2t7mlcwspyetp5h2tztugp9lfyql";
/// 2500 millionths of a bitcoin, for a minute.
const COFFEE: &str = "lnbc2500u1pvjluezsp5zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zygspp5qqqsyqcyq5rqw\
     zqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqdq5xysxxatsyp3k7enxv4jsxqzpu9qrsgquk0rl77nj30yxdy\
     8j9vdx85fkpmdla2087ne0xh8nhedh8w27kyke0lp53ut353s06fv3qfegext0eh0ymjpf39tuven09sam30g4vg\
     pfna3rh";
/// Twenty thousandths of a bitcoin on a network for tests.
const TESTNET: &str = "lntb20m1pvjluezsp5zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zygshp58yjmdan79s6qqdh\
     dzgynm4zwqd5d7xmw5fk98klysy043l2ahrqspp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqf\
     qypqfpp3x9et2e20v6pu37c5d9vax37wxq72un989qrsgqdj545axuxtnfemtpwkc45hx9d2ft7x04mt8q7y6t0k\
     2dge9e7h8kpy9p34ytyslj3yu569aalz2xdk8xkd7ltxqld94u8h2esmsmacgpghe9k8";
/// An amount in 10⁻¹² of a bitcoin.
const PICO: &str = "lnbc9678785340p1pwmna7lpp5gc3xfm08u9qy06djf8dfflhugl6p7lgza6dsjxq454gxhj9t7a0sd8dgfkx7cm\
     twd68yetpd5s9xar0wfjn5gpc8qhrsdfq24f5ggrxdaezqsnvda3kkum5wfjkzmfqf3jkgem9wgsyuctwdus9xgr\
     cyqcjcgpzgfskx6eqf9hzqnteypzxz7fzypfhg6trddjhygrcyqezcgpzfysywmm5ypxxjemgw3hxjmn8yptk7un\
     td9hxwg3q2d6xjcmtv4ezq7pqxgsxzmnyyqcjqmt0wfjjq6t5v4khxsp5zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg\
     3zyg3zyg3zyg3zyg3zygsxqyjw5qcqp2rzjq0gxwkzc8w6323m55m4jyxcjwmy7stt9hwkwe2qxmy8zpsgg7jcuw\
     z87fcqqeuqqqyqqqqlgqqqqn3qq9q9qrsgqrvgkpnmps664wgkp43l22qsgdw4ve24aca4nymnxddlnp8vh9v2sd\
     xlu5ywdxefsfvm0fq3sesf08uf6q9a2ke0hc9j6z6wlxg5z5kqpu2v9wz";
/// 25 thousandths of a bitcoin, with fields of wrong lengths that have to be skipped.
const IGNORED: &str = "lnbc25m1pvjluezpp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqdq5vdhkven9v5sxyet\
     pdeessp5zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zygs9q5sqqqqqqqqqqqqqqqqsgq2qrqq\
     qfppnqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqppnqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq\
     qqqpp4qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqhpnqqqqqqqqqqqqqqqqqqqqqqqqqq\
     qqqqqqqqqqqqqqqqqqqqqqqqqhp4qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqspnqqqq\
     qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqsp4qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq\
     qqqqqqqqqqqqqqqnp5qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqnpkqqqqqqqqqqqqqqq\
     qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqz599y53s3ujmcfjp5xrdap68qxymkqphwsexhmhr8wdz5usdz\
     kzrse33chw6dlp3jhuhge9ley7j2ayx36kawe7kmgg8sv5ugdyusdcqzn8z9x";
/// What LNbits 1.6.2 made of 777 satoshis for ten minutes.
const OF_A_WALLET: &str = "lnbc7770n1p4s4z4sdpdgdskdsafyrp2kgxr5qsxccfqd35kwmn9yrptkgpxyp3k7xqzjcsp5j97stee45aysnz6\
     uwdp4yac03rrcxwpufut25epx37dfqv48jvsspp5dxs6wkw5u54fz53z23gqpwdxxrl0d7fj8mzw733xa5yztqjc\
     df2syrgpz7qe3zurdfpy5d8g4qfht6zkh8an8ytrsjsm83gzdjf3sf35jnyp46873g66j7hyfsgfccqz7tnsvyyh\
     fky9jzmz3zj9v92dd3cpynyfyq";

/// What the specification wants refused, and for what.
const REFUSED: [(&str, &str); 4] = [
    (
        "lnbc2500u1pvjluezpp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqdpquwpc4curk03c9\
     wlrswe78q4eyqc7d8d0xqzpuyk0sg5g70me25alkluzd2x62aysf2pyy8edtjeevuv4p2d5p76r4zkmneet7uvya\
     kky2zr4cusd45tftc9c5fh0nnqpnl2jfll544esqchsrnt",
        "checksum",
    ),
    (
        "lnbc1pvjluezpp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqdpl2pkx2ctnv5sxxmmwwd\
     5kgetjypeh2ursdae8g6na6hlh",
        "length",
    ),
    (
        "lnbc2500x1pvjluezpp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqdq5xysxxatsyp3k7\
     enxv4jsxqzpusp5zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zygs9qrsgqrrzc4cvfue4zp3h\
     ggxp47ag7xnrlr8vgcmkjxk3j5jqethnumgkpqp23z9jclu3v0a7e0aruz366e9wqdykw6dxhdzcjjhldxq0w6wg\
     qcnu43j",
        "amount",
    ),
    (
        "lnbc2500000001p1pvjluezpp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqdq5xysxxat\
     syp3k7enxv4jsxqzpusp5zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zygs9qrsgq0lzc236j9\
     6a95uv0m3umg28gclm5lqxtqqwk32uuk4k6673k6n5kfvx3d2h8s295fad45fdhmusm8sjudfhlf6dcsxmfvkeyw\
     mjdkxcp99202x",
        "amount",
    ),
];

fn example(network: Network, millisats: Option<u64>, life: i64) -> Invoice {
    let (hash, ends_at) = (HASH.to_owned(), MADE_AT + life);
    Invoice { network, millisats, hash, made_at: MADE_AT, ends_at }
}

#[test]
fn the_examples_of_the_specification_are_read_as_it_says() {
    assert_eq!(read(DONATION), Ok(example(Network::Bitcoin, None, 3_600)));
    let coffee = example(Network::Bitcoin, Some(250_000_000), 60);
    assert_eq!(read(COFFEE), Ok(coffee.clone()));
    assert_eq!(read(&COFFEE.to_uppercase()), Ok(coffee));
    assert_eq!(read(TESTNET), Ok(example(Network::Testnet, Some(2_000_000_000), 3_600)));
    assert_eq!(read(IGNORED), Ok(example(Network::Bitcoin, Some(2_500_000_000), 3_600)));
    assert_eq!(read(PICO).expect("an invoice").millisats, Some(967_878_534));
}

#[test]
fn the_counter_examples_of_the_specification_are_refused() {
    for (text, what) in REFUSED {
        assert_eq!(read(text), Err(Unreadable(what)));
    }
    let mixed = COFFEE.replacen("lnbc", "LNBC", 1);
    assert_eq!(read(&mixed), Err(Unreadable("text")));
    assert_eq!(read("pvjluezpp5qqqsyqc"), Err(Unreadable("text")));
}

#[test]
fn an_invoice_of_a_wallet_is_read() {
    let invoice = read(OF_A_WALLET).expect("an invoice");
    assert_eq!(invoice.millisats, Some(777_000));
    assert_eq!(invoice.ends_at - invoice.made_at, 600);
    assert_eq!(invoice.hash, "69a1a759d4e52a915222545000b9a630fef6f9323ec4ef4626ed082582586a55");
}

proptest! {
    #[test]
    fn no_text_makes_it_fall_over(text in "(ln(bc|tb)[0-9]{0,20}[munp]?1)?[ -~]{0,300}") {
        let _ = read(&text);
    }

    /// What the checksum promises (BIP 173): up to four wrong digits are found.
    #[test]
    fn a_digit_that_was_changed_is_found(at in 0..COFFEE.len(), digit in "[02-9ac-z]") {
        let mut changed = COFFEE.to_owned();
        changed.replace_range(at..=at, &digit);
        prop_assume!(changed != COFFEE);
        prop_assert!(read(&changed).is_err());
    }
}
