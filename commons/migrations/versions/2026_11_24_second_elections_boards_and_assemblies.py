"""elections boards and assemblies"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_second"
down_revision = "2026_11_24_first"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "assembly",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("invitation", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("present", sa.Integer(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('called', 'held', 'cancelled')", name=op.f("ck_assembly_state")),
        sa.CheckConstraint("present >= 0", name=op.f("ck_assembly_present")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assembly")),
    )
    op.create_table(
        "election_review",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_election_review")),
        sa.UniqueConstraint("address", name=op.f("uq_election_review_address")),
    )
    op.create_table(
        "founding_end",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("number = 1", name=op.f("ck_founding_end_once")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_founding_end")),
    )
    op.create_table(
        "media_folder",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.CheckConstraint("number = 1", name=op.f("ck_media_folder_one")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_media_folder")),
    )
    op.create_table(
        "challenge",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_challenge_account_id")),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_challenge")),
    )
    with op.batch_alter_table("challenge", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_challenge_account_id"), ["account_id"], unique=False)

    op.create_table(
        "erasure_wish",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stop_hash", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_erasure_wish_account_id")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_erasure_wish")),
        sa.UniqueConstraint("stop_hash", name=op.f("uq_erasure_wish_stop_hash")),
    )
    with op.batch_alter_table("erasure_wish", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_erasure_wish_due_at"), ["due_at"], unique=False)

    op.create_table(
        "passkey",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_passkey_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkey_credential_id")),
    )
    with op.batch_alter_table("passkey", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_passkey_account_id"), ["account_id"], unique=False)

    op.create_table(
        "recovery",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("open_for", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_by_id", sa.Uuid(), nullable=True),
        sa.Column("second_by_id", sa.Uuid(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("link_hash", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('asked', 'confirmed', 'sent', 'done', 'objected', 'declined', 'lapsed')",
            name=op.f("ck_recovery_state"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('confirmed', 'sent', 'done') OR (first_by_id IS NOT NULL AND second_by_id IS NOT NULL)",
            name=op.f("ck_recovery_confirmed_twice"),
        ),
        sa.CheckConstraint(
            "first_by_id <> account_id AND second_by_id <> account_id", name=op.f("ck_recovery_never_oneself")
        ),
        sa.CheckConstraint("first_by_id <> second_by_id", name=op.f("ck_recovery_two_people")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_recovery_account_id")),
        sa.ForeignKeyConstraint(["first_by_id"], ["account.id"], name=op.f("fk_recovery_first_by_id")),
        sa.ForeignKeyConstraint(["second_by_id"], ["account.id"], name=op.f("fk_recovery_second_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery")),
        sa.UniqueConstraint("link_hash", name=op.f("uq_recovery_link_hash")),
        sa.UniqueConstraint("open_for", name=op.f("uq_recovery_open_for")),
    )
    with op.batch_alter_table("recovery", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recovery_account_id"), ["account_id"], unique=False)
        batch_op.create_index("ix_recovery_state", ["state"], unique=False)

    op.create_table(
        "election_mailing",
        sa.Column("election_id", sa.Uuid(), nullable=False),
        sa.Column("letter", sa.Text(), nullable=False),
        sa.Column("after", sa.Uuid(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["election_id"], ["election.id"], name=op.f("fk_election_mailing_election_id")
        ),
        sa.PrimaryKeyConstraint("election_id", "letter", name=op.f("pk_election_mailing")),
    )
    op.create_table(
        "cancellation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("once", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("contract", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("pledge_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('ordinary', 'important')", name=op.f("ck_cancellation_kind")),
        sa.CheckConstraint(
            "state IN ('effective', 'planned', 'open', 'done')", name=op.f("ck_cancellation_state")
        ),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_cancellation_party_id")),
        sa.ForeignKeyConstraint(["pledge_id"], ["pledge.id"], name=op.f("fk_cancellation_pledge_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cancellation")),
        sa.UniqueConstraint("once", name=op.f("uq_cancellation_once")),
    )
    with op.batch_alter_table("cancellation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_cancellation_pledge_id"), ["pledge_id"], unique=False)
        batch_op.create_index("ix_cancellation_state", ["state", "ends_on"], unique=False)

    op.create_table(
        "election_candidacy",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("election_id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=True),
        sa.Column("nominated_by_id", sa.Uuid(), nullable=True),
        sa.Column("nominated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("statement", sa.Text(), server_default="", nullable=False),
        sa.Column("disclosures", sa.Text(), server_default="", nullable=False),
        sa.Column("consented_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("declined_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reopens", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["election_id"], ["election.id"], name=op.f("fk_election_candidacy_election_id")
        ),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["membership.id"], name=op.f("fk_election_candidacy_membership_id")
        ),
        sa.ForeignKeyConstraint(
            ["nominated_by_id"], ["membership.id"], name=op.f("fk_election_candidacy_nominated_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_election_candidacy")),
        sa.UniqueConstraint("election_id", "membership_id", name="uq_election_candidacy_member"),
        sa.UniqueConstraint("election_id", "name", name="uq_election_candidacy_name"),
        sa.UniqueConstraint("election_id", "number", name="uq_election_candidacy_number"),
    )
    with op.batch_alter_table("election_candidacy", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_election_candidacy_membership_id"), ["membership_id"], unique=False
        )

    op.create_table(
        "election_objection",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("election_id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("upheld", sa.Boolean(), nullable=True),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["answered_by_id"], ["account.id"], name=op.f("fk_election_objection_answered_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["election_id"], ["election.id"], name=op.f("fk_election_objection_election_id")
        ),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["membership.id"], name=op.f("fk_election_objection_membership_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_election_objection")),
    )
    with op.batch_alter_table("election_objection", schema=None) as batch_op:
        batch_op.create_index(
            "uq_election_objection_open",
            ["election_id", "membership_id"],
            unique=True,
            sqlite_where=sa.text("answered_at IS NULL"),
            postgresql_where=sa.text("answered_at IS NULL"),
        )

    op.create_table(
        "election_root",
        sa.Column("election_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("post_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["election_id"], ["election.id"], name=op.f("fk_election_root_election_id")),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_election_root_post_id")),
        sa.PrimaryKeyConstraint("election_id", "number", name=op.f("pk_election_root")),
    )
    op.create_table(
        "motion",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("assembly_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("proposer_id", sa.Uuid(), nullable=False),
        sa.Column("statute_name", sa.Text(), nullable=True),
        sa.Column("statute_value", sa.BigInteger(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("surplus_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("election_id", sa.Uuid(), nullable=True),
        sa.Column("put_by_id", sa.Uuid(), nullable=True),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hindrance", sa.Text(), nullable=False),
        sa.CheckConstraint("(kind = 'statute') = (statute_name IS NOT NULL)", name=op.f("ck_motion_statute")),
        sa.CheckConstraint("(kind = 'surplus') = (surplus_id IS NOT NULL)", name=op.f("ck_motion_surplus")),
        sa.CheckConstraint("kind IN ('opinion', 'statute', 'surplus')", name=op.f("ck_motion_kind")),
        sa.CheckConstraint(
            "state IN ('proposed', 'put', 'carried', 'failed', 'withdrawn')", name=op.f("ck_motion_state")
        ),
        sa.CheckConstraint(
            "state IN ('proposed', 'withdrawn') OR election_id IS NOT NULL", name=op.f("ck_motion_put")
        ),
        sa.ForeignKeyConstraint(["assembly_id"], ["assembly.id"], name=op.f("fk_motion_assembly_id")),
        sa.ForeignKeyConstraint(["election_id"], ["election.id"], name=op.f("fk_motion_election_id")),
        sa.ForeignKeyConstraint(["proposer_id"], ["membership.id"], name=op.f("fk_motion_proposer_id")),
        sa.ForeignKeyConstraint(["put_by_id"], ["account.id"], name=op.f("fk_motion_put_by_id")),
        sa.ForeignKeyConstraint(["surplus_id"], ["surplus.id"], name=op.f("fk_motion_surplus_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_motion")),
        sa.UniqueConstraint("election_id", name=op.f("uq_motion_election_id")),
    )
    with op.batch_alter_table("motion", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_motion_assembly_id"), ["assembly_id"], unique=False)
        batch_op.create_index(
            "uq_motion_surplus",
            ["surplus_id"],
            unique=True,
            sqlite_where=sa.text("state <> 'withdrawn'"),
            postgresql_where=sa.text("state <> 'withdrawn'"),
        )

    op.create_table(
        "board_seat",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("election_id", sa.Uuid(), nullable=True),
        sa.Column("candidacy_id", sa.Uuid(), nullable=True),
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_because", sa.Text(), nullable=True),
        sa.Column("follows_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "ended_because IN ('term', 'resigned', 'recalled', 'left')",
            name=op.f("ck_board_seat_ended_because"),
        ),
        sa.CheckConstraint("how IN ('count', 'countback', 'co-option')", name=op.f("ck_board_seat_how")),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_because IS NULL)", name=op.f("ck_board_seat_ended")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_board_seat_account_id")),
        sa.ForeignKeyConstraint(
            ["candidacy_id"], ["election_candidacy.id"], name=op.f("fk_board_seat_candidacy_id")
        ),
        sa.ForeignKeyConstraint(["election_id"], ["election.id"], name=op.f("fk_board_seat_election_id")),
        sa.ForeignKeyConstraint(["follows_id"], ["board_seat.id"], name=op.f("fk_board_seat_follows_id")),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["membership.id"], name=op.f("fk_board_seat_membership_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_board_seat")),
        sa.UniqueConstraint(
            "election_id", "candidacy_id", name=op.f("uq_board_seat_election_id_candidacy_id")
        ),
        sa.UniqueConstraint("follows_id", name=op.f("uq_board_seat_follows_id")),
    )
    with op.batch_alter_table("board_seat", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_board_seat_account_id"), ["account_id"], unique=False)
        batch_op.create_index("ix_board_seat_ends_at", ["ends_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_board_seat_membership_id"), ["membership_id"], unique=False)

    op.create_table(
        "election_candidate_question",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("candidacy_id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["candidacy_id"],
            ["election_candidacy.id"],
            name=op.f("fk_election_candidate_question_candidacy_id"),
        ),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["membership.id"], name=op.f("fk_election_candidate_question_membership_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_election_candidate_question")),
        sa.UniqueConstraint(
            "candidacy_id", "membership_id", "place", name="uq_election_candidate_question_place"
        ),
    )
    op.create_table(
        "election_seconding",
        sa.Column("candidacy_id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["candidacy_id"], ["election_candidacy.id"], name=op.f("fk_election_seconding_candidacy_id")
        ),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["membership.id"], name=op.f("fk_election_seconding_membership_id")
        ),
        sa.PrimaryKeyConstraint("candidacy_id", "membership_id", name=op.f("pk_election_seconding")),
    )
    op.create_table(
        "motion_support",
        sa.Column("motion_id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["membership.id"], name=op.f("fk_motion_support_membership_id")
        ),
        sa.ForeignKeyConstraint(["motion_id"], ["motion.id"], name=op.f("fk_motion_support_motion_id")),
        sa.PrimaryKeyConstraint("motion_id", "membership_id", name=op.f("pk_motion_support")),
    )
    op.create_table(
        "board_deputy",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seat_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("power", sa.Text(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("power IN ('write', 'edit', 'publish')", name=op.f("ck_board_deputy_power")),
        sa.CheckConstraint("slot BETWEEN 1 AND 3", name=op.f("ck_board_deputy_slot")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_board_deputy_account_id")),
        sa.ForeignKeyConstraint(["seat_id"], ["board_seat.id"], name=op.f("fk_board_deputy_seat_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_board_deputy")),
    )
    with op.batch_alter_table("board_deputy", schema=None) as batch_op:
        batch_op.create_index(
            "uq_board_deputy_account",
            ["seat_id", "account_id"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.create_index(
            "uq_board_deputy_slot",
            ["seat_id", "slot"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "board_meeting",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["board_seat.id"], name=op.f("fk_board_meeting_recorded_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_board_meeting")),
    )
    with op.batch_alter_table("board_meeting", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_board_meeting_held_at"), ["held_at"], unique=False)

    op.create_table(
        "board_petition",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seat_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("election_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "state IN ('signing', 'reached', 'called', 'carried', 'failed', 'lapsed')",
            name=op.f("ck_board_petition_state"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('called') OR election_id IS NOT NULL", name=op.f("ck_board_petition_called")
        ),
        sa.ForeignKeyConstraint(["election_id"], ["election.id"], name=op.f("fk_board_petition_election_id")),
        sa.ForeignKeyConstraint(["seat_id"], ["board_seat.id"], name=op.f("fk_board_petition_seat_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_board_petition")),
    )
    with op.batch_alter_table("board_petition", schema=None) as batch_op:
        batch_op.create_index("ix_board_petition_state", ["state"], unique=False)
        batch_op.create_index(
            "uq_board_petition_live",
            ["seat_id"],
            unique=True,
            sqlite_where=sa.text("state IN ('signing', 'reached', 'called')"),
            postgresql_where=sa.text("state IN ('signing', 'reached', 'called')"),
        )

    op.create_table(
        "board_vacancy",
        sa.Column("seat_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('due', 'offered', 'open', 'filled', 'over')", name=op.f("ck_board_vacancy_state")
        ),
        sa.ForeignKeyConstraint(["seat_id"], ["board_seat.id"], name=op.f("fk_board_vacancy_seat_id")),
        sa.PrimaryKeyConstraint("seat_id", name=op.f("pk_board_vacancy")),
    )
    with op.batch_alter_table("board_vacancy", schema=None) as batch_op:
        batch_op.create_index("ix_board_vacancy_state", ["state"], unique=False)

    op.create_table(
        "voucher",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("against", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("story_id", sa.Uuid(), nullable=True),
        sa.Column("dated", sa.Date(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asked_by_id", sa.Uuid(), nullable=False),
        sa.Column("approved_by_id", sa.Uuid(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "against <> 'assets:bank' OR line_id IS NOT NULL", name=op.f("ck_voucher_bank_by_line")
        ),
        sa.CheckConstraint(
            "state <> 'booked' OR account NOT LIKE 'expenses:%' OR approved_by_id IS NOT NULL",
            name=op.f("ck_voucher_costs_signed_twice"),
        ),
        sa.CheckConstraint("state IN ('checked', 'booked', 'rejected')", name=op.f("ck_voucher_state")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_voucher_amount_positive")),
        sa.CheckConstraint("asked_by_id <> approved_by_id", name=op.f("ck_voucher_two_people")),
        sa.CheckConstraint("tax >= 0 AND tax < amount", name=op.f("ck_voucher_tax_within")),
        sa.ForeignKeyConstraint(["approved_by_id"], ["account.id"], name=op.f("fk_voucher_approved_by_id")),
        sa.ForeignKeyConstraint(["asked_by_id"], ["account.id"], name=op.f("fk_voucher_asked_by_id")),
        sa.ForeignKeyConstraint(["line_id"], ["bank_line.id"], name=op.f("fk_voucher_line_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voucher")),
    )
    with op.batch_alter_table("voucher", schema=None) as batch_op:
        batch_op.create_index("ix_voucher_state", ["state", "id"], unique=False)
        batch_op.create_index(
            "uq_voucher_line",
            ["line_id"],
            unique=True,
            sqlite_where=sa.text("state <> 'rejected'"),
            postgresql_where=sa.text("state <> 'rejected'"),
        )

    op.create_table(
        "board_attendance",
        sa.Column("meeting_id", sa.Uuid(), nullable=False),
        sa.Column("seat_id", sa.Uuid(), nullable=False),
        sa.Column("attended", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "attended IN ('present', 'excused', 'absent')", name=op.f("ck_board_attendance_attended")
        ),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["board_meeting.id"], name=op.f("fk_board_attendance_meeting_id")
        ),
        sa.ForeignKeyConstraint(["seat_id"], ["board_seat.id"], name=op.f("fk_board_attendance_seat_id")),
        sa.PrimaryKeyConstraint("meeting_id", "seat_id", name=op.f("pk_board_attendance")),
    )
    op.create_table(
        "board_cooption",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seat_id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("consented_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["membership.id"], name=op.f("fk_board_cooption_membership_id")
        ),
        sa.ForeignKeyConstraint(
            ["seat_id"], ["board_vacancy.seat_id"], name=op.f("fk_board_cooption_seat_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_board_cooption")),
        sa.UniqueConstraint("seat_id", "membership_id", name=op.f("uq_board_cooption_seat_id_membership_id")),
    )
    with op.batch_alter_table("board_cooption", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_board_cooption_membership_id"), ["membership_id"], unique=False)

    op.create_table(
        "board_decision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("meeting_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("yes", sa.Integer(), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("abstained", sa.Integer(), nullable=False),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("yes >= 0 AND no >= 0 AND abstained >= 0", name=op.f("ck_board_decision_votes")),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["board_meeting.id"], name=op.f("fk_board_decision_meeting_id")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["board_seat.id"], name=op.f("fk_board_decision_recorded_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_board_decision")),
        sa.UniqueConstraint("meeting_id", "number", name=op.f("uq_board_decision_meeting_id_number")),
    )
    op.create_table(
        "board_offer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seat_id", sa.Uuid(), nullable=False),
        sa.Column("candidacy_id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted", sa.Boolean(), nullable=True),
        sa.CheckConstraint("(answered_at IS NULL) = (accepted IS NULL)", name=op.f("ck_board_offer_answer")),
        sa.ForeignKeyConstraint(
            ["candidacy_id"], ["election_candidacy.id"], name=op.f("fk_board_offer_candidacy_id")
        ),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["membership.id"], name=op.f("fk_board_offer_membership_id")
        ),
        sa.ForeignKeyConstraint(["seat_id"], ["board_vacancy.seat_id"], name=op.f("fk_board_offer_seat_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_board_offer")),
        sa.UniqueConstraint("seat_id", "candidacy_id", name=op.f("uq_board_offer_seat_id_candidacy_id")),
    )
    with op.batch_alter_table("board_offer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_board_offer_membership_id"), ["membership_id"], unique=False)
        batch_op.create_index(
            "uq_board_offer_open",
            ["seat_id"],
            unique=True,
            sqlite_where=sa.text("answered_at IS NULL"),
            postgresql_where=sa.text("answered_at IS NULL"),
        )

    op.create_table(
        "board_signature",
        sa.Column("petition_id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["membership.id"], name=op.f("fk_board_signature_membership_id")
        ),
        sa.ForeignKeyConstraint(
            ["petition_id"], ["board_petition.id"], name=op.f("fk_board_signature_petition_id")
        ),
        sa.PrimaryKeyConstraint("petition_id", "membership_id", name=op.f("pk_board_signature")),
    )
    op.create_table(
        "board_cooption_voice",
        sa.Column("cooption_id", sa.Uuid(), nullable=False),
        sa.Column("seat_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["cooption_id"], ["board_cooption.id"], name=op.f("fk_board_cooption_voice_cooption_id")
        ),
        sa.ForeignKeyConstraint(["seat_id"], ["board_seat.id"], name=op.f("fk_board_cooption_voice_seat_id")),
        sa.PrimaryKeyConstraint("cooption_id", "seat_id", name=op.f("pk_board_cooption_voice")),
    )
    with op.batch_alter_table("bank_line", schema=None) as batch_op:
        batch_op.add_column(sa.Column("sent_as", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("pays_kind", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("pays_id", sa.Uuid(), nullable=True))
        batch_op.create_unique_constraint(
            batch_op.f("uq_bank_line_pays_kind_pays_id"), ["pays_kind", "pays_id"]
        )

    with op.batch_alter_table("demo", schema=None) as batch_op:
        batch_op.add_column(sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE demo SET finished_at = loaded_at")

    with op.batch_alter_table("election", schema=None) as batch_op:
        batch_op.add_column(sa.Column("kind", sa.Text(), server_default="board", nullable=False))
        batch_op.add_column(sa.Column("question", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("rule", sa.Text(), server_default="scottish-stv", nullable=False))
        batch_op.add_column(sa.Column("seats", sa.Integer(), server_default="1", nullable=False))
        batch_op.add_column(sa.Column("called_by_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("repeats_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("zone", sa.Text(), server_default="UTC", nullable=False))
        batch_op.add_column(sa.Column("nominations_end", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("roll_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("objections_end", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("issue_opens", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("issue_ends", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("vote_opens", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("vote_ends", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("complaint_hours", sa.Integer(), server_default="72", nullable=False))
        batch_op.add_column(sa.Column("seconders", sa.Integer(), server_default="2", nullable=False))
        batch_op.add_column(sa.Column("quorum_percent", sa.Integer(), server_default="10", nullable=False))
        batch_op.add_column(sa.Column("majority_percent", sa.Integer(), server_default="50", nullable=False))
        batch_op.add_column(sa.Column("ron", sa.Boolean(), server_default=sa.text("(false)"), nullable=False))
        batch_op.add_column(
            sa.Column("each", sa.Boolean(), server_default=sa.text("(false)"), nullable=False)
        )
        batch_op.add_column(sa.Column("publish_min", sa.Integer(), server_default="10", nullable=False))
        batch_op.add_column(sa.Column("assisted_cap", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("reopened", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("roll_size", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("roll_root", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("tally_key", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("challenge", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("challenge_hash", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("rehearsed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("lot", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("announced_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("lot_value", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("lot_seed", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("blt", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("outcome", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("counted_by_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("counted_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("certified_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("void_because", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index("ix_election_state", ["state"], unique=False)
        batch_op.create_unique_constraint("uq_election_repeats_id", ["repeats_id"])
        batch_op.create_foreign_key(batch_op.f("fk_election_repeats_id"), "election", ["repeats_id"], ["id"])
        batch_op.create_foreign_key(
            batch_op.f("fk_election_counted_by_id"), "account", ["counted_by_id"], ["id"]
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_election_called_by_id"), "account", ["called_by_id"], ["id"]
        )

    with op.batch_alter_table("payment_order", schema=None) as batch_op:
        batch_op.add_column(sa.Column("paid_on", sa.Date(), nullable=True))

    with op.batch_alter_table("sign_in", schema=None) as batch_op:
        batch_op.add_column(sa.Column("proved_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(
            sa.Column("with_passkey", sa.Boolean(), server_default=sa.text("(false)"), nullable=False)
        )



def downgrade() -> None:
    with op.batch_alter_table("sign_in", schema=None) as batch_op:
        batch_op.drop_column("with_passkey")
        batch_op.drop_column("proved_at")

    with op.batch_alter_table("payment_order", schema=None) as batch_op:
        batch_op.drop_column("paid_on")

    with op.batch_alter_table("election", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_election_called_by_id"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_election_counted_by_id"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_election_repeats_id"), type_="foreignkey")
        batch_op.drop_constraint("uq_election_repeats_id", type_="unique")
        batch_op.drop_index("ix_election_state")
        batch_op.drop_column("voided_at")
        batch_op.drop_column("void_because")
        batch_op.drop_column("certified_at")
        batch_op.drop_column("counted_at")
        batch_op.drop_column("counted_by_id")
        batch_op.drop_column("outcome")
        batch_op.drop_column("blt")
        batch_op.drop_column("lot_seed")
        batch_op.drop_column("lot_value")
        batch_op.drop_column("announced_at")
        batch_op.drop_column("lot")
        batch_op.drop_column("rehearsed_at")
        batch_op.drop_column("challenge_hash")
        batch_op.drop_column("challenge")
        batch_op.drop_column("tally_key")
        batch_op.drop_column("roll_root")
        batch_op.drop_column("roll_size")
        batch_op.drop_column("reopened")
        batch_op.drop_column("assisted_cap")
        batch_op.drop_column("publish_min")
        batch_op.drop_column("each")
        batch_op.drop_column("ron")
        batch_op.drop_column("majority_percent")
        batch_op.drop_column("quorum_percent")
        batch_op.drop_column("seconders")
        batch_op.drop_column("complaint_hours")
        batch_op.drop_column("vote_ends")
        batch_op.drop_column("vote_opens")
        batch_op.drop_column("issue_ends")
        batch_op.drop_column("issue_opens")
        batch_op.drop_column("objections_end")
        batch_op.drop_column("roll_at")
        batch_op.drop_column("nominations_end")
        batch_op.drop_column("zone")
        batch_op.drop_column("repeats_id")
        batch_op.drop_column("called_by_id")
        batch_op.drop_column("seats")
        batch_op.drop_column("rule")
        batch_op.drop_column("question")
        batch_op.drop_column("kind")

    with op.batch_alter_table("demo", schema=None) as batch_op:
        batch_op.drop_column("finished_at")

    with op.batch_alter_table("bank_line", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_bank_line_pays_kind_pays_id"), type_="unique")
        batch_op.drop_column("pays_id")
        batch_op.drop_column("pays_kind")
        batch_op.drop_column("sent_as")

    op.drop_table("board_cooption_voice")
    op.drop_table("board_signature")
    with op.batch_alter_table("board_offer", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_board_offer_open",
            sqlite_where=sa.text("answered_at IS NULL"),
            postgresql_where=sa.text("answered_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_board_offer_membership_id"))

    op.drop_table("board_offer")
    op.drop_table("board_decision")
    with op.batch_alter_table("board_cooption", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_board_cooption_membership_id"))

    op.drop_table("board_cooption")
    op.drop_table("board_attendance")
    with op.batch_alter_table("voucher", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_voucher_line",
            sqlite_where=sa.text("state <> 'rejected'"),
            postgresql_where=sa.text("state <> 'rejected'"),
        )
        batch_op.drop_index("ix_voucher_state")

    op.drop_table("voucher")
    with op.batch_alter_table("board_vacancy", schema=None) as batch_op:
        batch_op.drop_index("ix_board_vacancy_state")

    op.drop_table("board_vacancy")
    with op.batch_alter_table("board_petition", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_board_petition_live",
            sqlite_where=sa.text("state IN ('signing', 'reached', 'called')"),
            postgresql_where=sa.text("state IN ('signing', 'reached', 'called')"),
        )
        batch_op.drop_index("ix_board_petition_state")

    op.drop_table("board_petition")
    with op.batch_alter_table("board_meeting", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_board_meeting_held_at"))

    op.drop_table("board_meeting")
    with op.batch_alter_table("board_deputy", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_board_deputy_slot",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.drop_index(
            "uq_board_deputy_account",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.drop_table("board_deputy")
    op.drop_table("motion_support")
    op.drop_table("election_seconding")
    op.drop_table("election_candidate_question")
    with op.batch_alter_table("board_seat", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_board_seat_membership_id"))
        batch_op.drop_index("ix_board_seat_ends_at")
        batch_op.drop_index(batch_op.f("ix_board_seat_account_id"))

    op.drop_table("board_seat")
    with op.batch_alter_table("motion", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_motion_surplus",
            sqlite_where=sa.text("state <> 'withdrawn'"),
            postgresql_where=sa.text("state <> 'withdrawn'"),
        )
        batch_op.drop_index(batch_op.f("ix_motion_assembly_id"))

    op.drop_table("motion")
    op.drop_table("election_root")
    with op.batch_alter_table("election_objection", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_election_objection_open",
            sqlite_where=sa.text("answered_at IS NULL"),
            postgresql_where=sa.text("answered_at IS NULL"),
        )

    op.drop_table("election_objection")
    with op.batch_alter_table("election_candidacy", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_election_candidacy_membership_id"))

    op.drop_table("election_candidacy")
    with op.batch_alter_table("cancellation", schema=None) as batch_op:
        batch_op.drop_index("ix_cancellation_state")
        batch_op.drop_index(batch_op.f("ix_cancellation_pledge_id"))

    op.drop_table("cancellation")
    op.drop_table("election_mailing")
    with op.batch_alter_table("recovery", schema=None) as batch_op:
        batch_op.drop_index("ix_recovery_state")
        batch_op.drop_index(batch_op.f("ix_recovery_account_id"))

    op.drop_table("recovery")
    with op.batch_alter_table("passkey", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_passkey_account_id"))

    op.drop_table("passkey")
    with op.batch_alter_table("erasure_wish", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_erasure_wish_due_at"))

    op.drop_table("erasure_wish")
    with op.batch_alter_table("challenge", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_challenge_account_id"))

    op.drop_table("challenge")
    op.drop_table("media_folder")
    op.drop_table("founding_end")
    op.drop_table("election_review")
    op.drop_table("assembly")
